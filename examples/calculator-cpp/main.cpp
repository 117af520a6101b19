#include <iostream>

#include "calculator.h"

int main() { calculator::repl(std::cin, std::cout); }
