Feature: An associate's list writes itself, and she empties it by keys alone
  What is due is told by what the counter holds. She copies the words, speaks to the customer in the channel the customer
  agreed to, and says what came of it. Wherever she signs in next, it is done.

  Scenario Outline: A birthday call
    Given her counter in <language> and a member of hers who agreed to WeChat and has her birthday tomorrow
    When she opens her tasks and goes to the member
    Then the list says whose birthday it is, and when
    When she copies the words
    Then they are in the clipboard with the member's name, and nothing is recorded as said
    When she logs what came of it
    Then the birthday is done, here and at head office, and is gone from her list

    Examples:
      | language |
      | zh_CN    |
      | en       |

  Scenario Outline: A reorder
    Given her counter in <language> and a member of hers who buys socks every two months and last did 55 days ago
    When she opens her tasks and goes to the member
    Then the list says what was bought when, and how often
    When she is through with it in one key
    Then at another counter where she signs in it is done, too

    Examples:
      | language |
      | zh_CN    |
      | en       |

  Scenario: A wish that arrives
    Given her counter in en and a member of hers who is looking for a coat
    When she notes the wish by keys
    Then the card says it at once, and at the other counter a moment later
    When such a coat is counted into the shop
    Then her list says that it is here
