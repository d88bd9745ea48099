extension "1001" {
  no_answer = "1h"
}
