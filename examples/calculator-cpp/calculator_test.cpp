// Ends with code 1 when anything is not as it should be.
#include <iostream>
#include <sstream>

#include "calculator.h"

namespace {

int passed = 0;
int failed = 0;

void check(const std::string& what, const std::string& got, const std::string& want) {
  if (got == want) {
    ++passed;
    return;
  }
  ++failed;
  std::cout << what.substr(0, 60) << ": got " << got << ", want " << want << "\n";
}

void result(const std::string& sum, const std::string& want) {
  std::string got;
  try {
    got = std::to_string(calculator::evaluate(sum));
  } catch (const calculator::SumError& error) {
    got = error.what();
  }
  check(sum, got, want);
}

void conversation(const std::string& typed, const std::string& want) {
  std::istringstream in(typed);
  std::ostringstream out;
  calculator::repl(in, out);
  const std::string said = out.str();
  check(typed, said.substr(said.find('\n') + 1), want);
}

}  // namespace

int main() {
  result("1 + 2", "3");
  result("  7   -  9 ", "-2");
  result("-6 * 7", "-42");
  result("7 / 2", "3");
  result("-7 / 2", "-3");
  result("+5 + 0", "5");
  result("9223372036854775806 + 1", "9223372036854775807");
  result("-9223372036854775808 * 1", "-9223372036854775808");

  result("1 / 0", "division by zero");
  result("9223372036854775807 + 1", "the result does not fit into 64 bits");
  result("-9223372036854775808 - 1", "the result does not fit into 64 bits");
  result("-9223372036854775808 * -1", "the result does not fit into 64 bits");
  result("4611686018427387904 * 2", "the result does not fit into 64 bits");
  result("-9223372036854775808 / -1", "the result does not fit into 64 bits");
  result("9223372036854775808 + 1", "9223372036854775808 does not fit into 64 bits");
  result("one + 2", "\"one\" is not a whole number");
  result("+-1 + 2", "\"+-1\" is not a whole number");
  result("\x1b[1m + 2", "\"?[1m\" is not a whole number");
  result("1 + 2.5", "\"2.5\" is not a whole number");
  result("1 % 2", "unknown operator \"%\": use + - * or /");
  result("1+2", "expected <int> <op> <int> with spaces between, such as 1 + 2, got \"1+2\"");

  conversation("1 + 2\nexit\n", "> Result: 3\n> Goodbye.\n");
  conversation("1 / 0\n2 * 3\n", "> Error: division by zero\n> Result: 6\n> \n");
  conversation("exit\n1 + 2\n", "> Goodbye.\n");
  conversation("", "> \n");
  conversation("4 - 1", "> Result: 3\n> \n");
  conversation("\n\r\n8 / 2\r\n", "> > > Result: 4\n> \n");
  conversation(std::string(1 << 20, '9') + "\n1 + 1\n", "> Error: the line is too long\n> Result: 2\n> \n");

  std::cout << passed << " passed, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}
