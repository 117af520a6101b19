#pragma once

#include <cstdint>
#include <istream>
#include <ostream>
#include <stdexcept>
#include <string>

namespace calculator {

/** What is wrong with a sum. */
class SumError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/** Answers line by line until `exit` or the end of input. */
void repl(std::istream& in, std::ostream& out);

/** Computes one sum. */
std::int64_t evaluate(const std::string& text);

}  // namespace calculator
