Feature: A manager has the right people contacted, one to one
  She says whom she means and sees how many may be contacted. After a look at real cases each associate finds a task for
  her own members among her tasks; what is not done yet can be taken back.

  Scenario Outline: From an audience to a task that is done
    Given a manager and an associate at their counters in <language>, and two members of hers, one without consent
    When the manager makes an audience of the members with their tag, by keys alone
    Then it says that two are meant and one can be contacted, and why not the other
    When she looks at the case and hands the task out
    Then the associate finds it among her tasks, in the words of the preview
    When the associate is through with it
    Then the manager reads that it was done on time
    When she hands out another one and takes it back
    Then nothing is left of it at the associate's counter
    And the associate finds no way to the audiences

    Examples:
      | language |
      | zh_CN    |
      | en       |
