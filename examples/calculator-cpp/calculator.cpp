// Calculator reads one sum a line, `<int> <op> <int>`, and prints its result.
#include "calculator.h"

#include <charconv>
#include <cstddef>
#include <limits>
#include <sstream>
#include <vector>

namespace calculator {
namespace {

constexpr std::size_t longest_line = 4096;
constexpr const char* spaces = " \t\r\v\f";

// Shows what was typed; a terminal must not obey it.
std::string quoted(const std::string& text) {
  std::string shown = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') shown += '\\';
    shown += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? '?' : c;
  }
  return shown + '"';
}

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(spaces);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

// False at the end of input; a line that is too long is read over and is an error.
bool read_line(std::istream& in, std::string& line) {
  line.clear();
  if (in.peek() == std::istream::traits_type::eof()) return false;
  bool too_long = false;
  for (char c; in.get(c) && c != '\n';) {
    if (line.size() < longest_line - 1) {
      line += c;
    } else {
      too_long = true;
    }
  }
  if (too_long) throw SumError("the line is too long");
  return true;
}

std::int64_t number(const std::string& word) {
  std::int64_t value = 0;
  const char* begin = word.data();
  const char* end = begin + word.size();
  // from_chars knows no plus sign, and must not see the minus of "+-1".
  if (word.size() > 1 && word[0] == '+' && word[1] != '-') ++begin;
  const auto [stopped, error] = std::from_chars(begin, end, value);
  if (error == std::errc::invalid_argument || stopped != end) throw SumError(quoted(word) + " is not a whole number");
  if (error == std::errc::result_out_of_range) throw SumError(word + " does not fit into 64 bits");
  return value;
}

std::int64_t apply(std::int64_t a, const std::string& op, std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  if (op == "+") {
    overflow = __builtin_add_overflow(a, b, &result);
  } else if (op == "-") {
    overflow = __builtin_sub_overflow(a, b, &result);
  } else if (op == "*") {
    overflow = __builtin_mul_overflow(a, b, &result);
  } else if (op == "/") {
    if (b == 0) throw SumError("division by zero");
    overflow = a == std::numeric_limits<std::int64_t>::min() && b == -1;
    if (!overflow) result = a / b;
  } else {
    throw SumError("unknown operator " + quoted(op) + ": use + - * or /");
  }
  if (overflow) throw SumError("the result does not fit into 64 bits");
  return result;
}

}  // namespace

void repl(std::istream& in, std::ostream& out) {
  out << "Type a sum such as 1 + 2 (operators + - * /), or exit.\n";
  for (std::string line;;) {
    out << "> " << std::flush;
    try {
      if (!read_line(in, line)) {
        out << "\n";
        return;
      }
      const std::string text = trimmed(line);
      if (text == "exit") {
        out << "Goodbye.\n";
        return;
      }
      if (text.empty()) continue;
      // Before anything is written of the line: it may turn out to be an error.
      const std::int64_t result = evaluate(text);
      out << "Result: " << result << "\n";
    } catch (const SumError& error) {
      out << "Error: " << error.what() << "\n";
    }
  }
}

std::int64_t evaluate(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  if (words.size() != 3) {
    throw SumError("expected <int> <op> <int> with spaces between, such as 1 + 2, got " + quoted(text));
  }
  const std::int64_t a = number(words[0]);
  const std::int64_t b = number(words[2]);
  return apply(a, words[1], b);
}

}  // namespace calculator
