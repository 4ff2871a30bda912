Feature: The associate's day
  She opens the shop, calls somebody whose birthday it is, takes a new member in and serves somebody who buys nothing.
  What that customer buys online at night is hers next morning, and half of it no more once a piece comes back. The
  line fails and comes back, a colleague takes over for a moment, and in the evening nothing is left behind: with the
  keyboard and the scanner alone.

  Scenario Outline: From one morning to the next evening, in <language>
    Given a shop before it opens in <language>
    When she opens the shop with her number and her PIN
    Then the counter is hers, and says whose birthday it is
    When she calls her and writes down what came of it
    Then the call is done, at head office too, and so is the look at the number
    When somebody new joins
    Then the card is there, the member is hers, and head office holds no plain name of it in its log
    When a customer's card is scanned, and the customer leaves without buying
    Then the card tells of the visit and that she served
    When the counter is locked for the night and the customer buys online
    Then the next morning her PIN alone opens it, and the purchase is hers, with the reason
    When one of the two pieces is brought back
    Then her share is half, and she is told why
    When the line is down and another customer comes
    Then all works as ever, and the counter says what waits
    When the line is back
    Then head office has all of it once, and nothing waits
    When her colleague's badge is scanned while she is typing
    Then the counter is locked, and opens for the colleague with nothing of what was typed
    When she takes the counter back with her badge
    Then what she was typing is still there, and she saves it
    When the shop closes
    Then the counter tells her day, that all is sent and nobody is left to call
    And locked it keeps nothing of any customer, and head office holds the same rows

    Examples:
      | language |
      | zh_CN    |
      | en       |
