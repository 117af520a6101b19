// Tells what a program finds around it.
#include <arpa/inet.h>
#include <clocale>
#include <cstdlib>
#include <ctime>
#include <cwchar>
#include <fstream>
#include <iostream>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdexcept>
#include <unistd.h>
#include <vector>

int main(int, char** argv) {
  std::vector<int> parallel(4);
#pragma omp parallel for num_threads(4)
  for (int i = 0; i < 4; ++i) parallel[i] = i;
  try {
    throw std::runtime_error("caught");
  } catch (const std::exception& error) {
    std::cout << error.what() << " " << parallel[3] << "\n";
  }
  const char* set = std::setlocale(LC_ALL, "C.UTF-8");
  std::cout << (set ? set : "no C.UTF-8") << " " << std::mbstowcs(nullptr, "żółw", 0) << "\n";
  const passwd* user = getpwuid(getuid());
  std::cout << getuid() << " " << (user ? user->pw_name : "nobody") << " " << (user ? user->pw_dir : "") << "\n";
  setenv("TZ", "America/New_York", 1);
  std::time_t then = 1782907200;
  char text[32];
  std::strftime(text, sizeof text, "%F %R %Z", std::localtime(&then));
  std::cout << text << "\n";
  addrinfo* found = nullptr;
  int error = getaddrinfo(argv[1], "https", nullptr, &found);
  if (error) std::cout << gai_strerror(error) << "\n";
  else {
    auto* address = reinterpret_cast<sockaddr_in*>(found->ai_addr);
    std::cout << inet_ntoa(address->sin_addr) << " " << ntohs(address->sin_port) << "\n";
  }
  std::cout << std::ofstream("/home/nonroot/new").good() << std::ofstream("/tmp/new").good() << std::ofstream("/new").good() << "\n";
}
