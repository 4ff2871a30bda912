Feature: What a counter records about a member counts everywhere, once
  Two associates of one store work at two counters. The line is down for a while; each goes on, and afterwards
  both windows say the same, by the rules and in a sentence.

  Background:
    Given two counters of one store with their windows open
    And a member whose phone consent was never asked

  Scenario: A sale recorded offline
    When the line is down
    And at counter A her card is scanned and a sale of 1284.60 is recorded by keys alone
    Then counter A shows the sale at once, as waiting
    When the line is back
    Then counter B shows the sale on her card
    And head office has the sale exactly once

  Scenario: One counter is refused what the other was given
    When the line is down
    And at counter A she does not want to be called
    And a moment later at counter B she says she may be called
    And the line is back
    Then both counters say that she must not be called

  Scenario: A colleague's code beside an open card
    Given her card is open at counter A
    When the code of the associate of counter B is scanned at counter A while the line is down
    Then counter A says that it is saved and head office decides
    When the line is back
    Then counter A says that she stays whose member she was, and why
    And counter B shows the same associate as the owner

  Scenario: A receipt that was paid without the card
    Given her card is open at counter A
    When at counter A a receipt is scanned into the claim and saved
    Then head office waits for the sale of that receipt
    And no visit of somebody else came of the scan
