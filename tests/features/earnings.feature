Feature: Commission that explains every cent
  She serves somebody who buys nothing; days later the same person buys online. The associate sees her share, why it
  is hers, until when it may change, and why it changed; head office closes the month, and then it is hers for good.

  Scenario: From a served visit to a closed month
    Given a counter whose associate looks at her earnings
    And somebody whose window of fifteen days has run out
    When she serves them and they buy nothing
    And two days later they buy online
    Then she sees her share as provisional, with the day it confirms
    And the reason names the served visit, the window and the order
    When one of the two pieces comes back
    Then her share is half of it, and she is told what changed and why
    And without contact she sees the same figures with their time
    When head office has closed the month
    Then the line is confirmed and the month is sealed
    And the statement she saves holds that line
