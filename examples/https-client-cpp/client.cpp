// Client asks an HTTPS server, and tells what it finds in the image that it runs in: `client URL STRANGER`.
// STRANGER is the address of a server whose certificate nobody vouches for.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>
#include <memory>
#include <regex>
#include <stdexcept>
#include <string>

namespace {

struct Address {
  std::string host;
  std::string port;
  std::string path;
};

/** The certificate of the other side is not to be trusted. */
class Untrusted : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Connection = std::unique_ptr<SSL, decltype(&SSL_free)>;
using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

struct Socket {
  int fd;
  ~Socket() { close(fd); }
};

Address parse(const std::string& url) {
  std::smatch parts;
  if (!std::regex_match(url, parts, std::regex("https://([^/:]+)(?::([0-9]+))?(/.*)?"))) {
    throw std::runtime_error(url + " is not an address of https");
  }
  return {parts[1], parts[2].matched ? parts[2] : std::string("443"), parts[3].matched ? parts[3] : std::string("/")};
}

Addresses resolve(const Address& address) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found);
  if (error != 0) throw std::runtime_error(address.host + ": " + gai_strerror(error));
  return {found, freeaddrinfo};
}

std::string text_of(const addrinfo& found) {
  char text[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(found.ai_addr)->sin_addr, text, sizeof text);
  return text;
}

Context trusting() {
  Context context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (!context || SSL_CTX_set_default_verify_paths(context.get()) != 1) throw std::runtime_error("no trust store");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

std::string get(const Context& context, const Address& address) {
  const Addresses found = resolve(address);
  const Socket wire{socket(AF_INET, SOCK_STREAM, 0)};
  if (connect(wire.fd, found->ai_addr, found->ai_addrlen) != 0) throw std::runtime_error(std::strerror(errno));
  const Connection tls(SSL_new(context.get()), SSL_free);
  SSL_set_fd(tls.get(), wire.fd);
  SSL_set_tlsext_host_name(tls.get(), address.host.c_str());
  SSL_set1_host(tls.get(), address.host.c_str());
  if (SSL_connect(tls.get()) != 1) {
    const long verified = SSL_get_verify_result(tls.get());
    if (verified != X509_V_OK) throw Untrusted(X509_verify_cert_error_string(verified));
    throw std::runtime_error(ERR_error_string(ERR_get_error(), nullptr));
  }
  const std::string request = "GET " + address.path + " HTTP/1.0\r\nHost: " + address.host + "\r\n\r\n";
  SSL_write(tls.get(), request.data(), static_cast<int>(request.size()));
  std::string response;
  char buffer[4096];
  for (int n; (n = SSL_read(tls.get(), buffer, sizeof buffer)) > 0;) response.append(buffer, static_cast<std::size_t>(n));
  std::smatch parts;
  if (!std::regex_match(response, parts, std::regex("HTTP/1\\.[01] ([0-9]+)[^]*?\r\n\r\n([^]*?)\\s*"))) {
    throw std::runtime_error("no answer of HTTP");
  }
  return parts[1].str() + " " + parts[2].str();
}

std::string refusal(const Context& context, const Address& stranger) {
  try {
    return "trusted, " + get(context, stranger);
  } catch (const Untrusted&) {
    return "refused";
  }
}

std::string root() {
  const int fd = open("/tmp/proof", O_WRONLY | O_CREAT, 0600);
  if (fd < 0) return errno == EROFS ? "read-only" : std::strerror(errno);
  close(fd);
  return "writable";
}

std::string time_in(const char* zone) {
  setenv("TZ", zone, 1);
  tzset();
  const std::time_t then = 1782907200;
  char text[64] = "";
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", std::localtime(&then));
  return text;
}

void tell(const Address& address, const Address& stranger) {
  const Context context = trusting();
  const std::string found = text_of(*resolve(address));
  const std::string answer = get(context, address);
  const char* word = std::getenv("WORD");
  if (word == nullptr) throw std::runtime_error("the variable WORD is not set");
  if (std::setlocale(LC_ALL, "") == nullptr) throw std::runtime_error("there is no such locale");
  std::cout << "user: " << getuid() << "\n"
            << "root: " << root() << "\n"
            << "name: " << address.host << " is " << found << "\n"
            << "certificates: " << sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context.get()))) << "\n"
            << "https: " << answer << "\n"
            << "stranger: " << refusal(context, stranger) << "\n"
            << "time zone: " << time_in("America/New_York") << " in New York\n"
            << "locale: " << word << " has " << std::mbstowcs(nullptr, word, 0) << " characters\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: client URL STRANGER\n";
    return 2;
  }
  try {
    tell(parse(argv[1]), parse(argv[2]));
  } catch (const std::exception& error) {
    std::cerr << "client: " << error.what() << "\n";
    return 1;
  }
}
