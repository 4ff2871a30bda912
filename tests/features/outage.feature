Feature: An outage loses nothing and doubles nothing
  The network fails in the middle of a working day. Associates keep scanning, registering and logging;
  a power cut kills the program. When the server is back, the other counter shows everything, once.

  Background:
    Given a chain with a central server and two counters of one store
    And an associate is signed in on both counters

  Scenario: Work through an outage and a power cut
    When the server is stopped
    And on counter A she scans a member's card
    And on counter A she registers a new member, logs a talk with a follow-up and adds a tag
    And counter A is killed in the middle of saving and started again
    And the server is started
    Then counter B shows everything within 5 seconds
    And every operation that was reported as saved exists exactly once at the server
    And both counters hold exactly the rows the server holds

  Scenario Outline: Both counters finish the same follow-up during the outage
    Given a follow-up both counters know
    When the server is stopped
    And both counters log a talk with that member and finish the follow-up
    And the server is started and counter <first> syncs before the other
    Then the follow-up is done by whoever used counter <first>
    And the other counter is told in a sentence who was first
    And both talks are in the member's history on both counters
    And both counters hold exactly the rows the server holds

    Examples:
      | first |
      | A     |
      | B     |
