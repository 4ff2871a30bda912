Feature: A manager's week at the counter
  She lets a new counter in, moves members fairly and takes it back, helps somebody who forgot a PIN, takes a counter
  off, and lets somebody leave with everything handed over: by keys, in both languages. An associate sees none of it.

  Scenario Outline: By keys, in <language>
    Given a manager at her counter in <language>, and an associate with three members
    When she types the code that a new counter shows
    Then she sees the numbers to compare, and lets it in with her PIN
    When she gives two of the members to a colleague
    Then the next sale is the colleague's, and what was sold before stays
    When she takes it back with one key
    Then both members are where they were, and so is the sale
    And the colleague is told at her next sign-in
    When she gives the associate a new PIN
    Then the associate signs in with it and not with the old one
    When she takes the lost counter off at once with a reason
    Then the counter is told so at its next contact
    When the associate leaves and her members are shared
    Then nobody signs in as her, and her members have a colleague
    And the log tells all of it and its chain is whole

    Examples:
      | language |
      | zh_CN    |
      | en       |

  Scenario: An associate sees none of it
    Given a manager at her counter in zh_CN, and an associate with three members
    When the associate signs in instead
    Then she finds no counters, no people, no log and no way to a colleague's page
