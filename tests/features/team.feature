Feature: The manager's week
  A store manager sees in a minute where to help today; an associate sees none of it.

  Scenario Outline: She opens the board, changes the period, looks behind a figure and takes it along
    Given a store in <language> whose two associates sold this week
    When an associate looks for the board
    Then she finds no way to it, and head office tells her counter nothing
    When the manager opens it by keys
    Then it says what was sold this month and who had part in it
    When she turns to the last seven days by keys
    Then it says what was sold in them, without asking again
    When she opens the day with the most sales by keys
    Then she sees the sales behind it and their members
    When she saves the board and the weekly note
    Then the files hold what the board said, and no member's name
    When the line is cut and she comes back to it
    Then the same figures stand there with their time

    Examples:
      | language |
      | zh_CN    |
      | en       |
