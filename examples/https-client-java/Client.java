import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Asks an HTTPS server, and tells what it finds in the image that it runs in: {@code Client URL STRANGER}.
 * STRANGER is the address of a server whose certificate nobody vouches for.
 */
public final class Client {
  private Client() {}

  public static void main(String[] args) throws Exception {
    URI address = URI.create(args[0]);
    InetAddress found = InetAddress.getByName(address.getHost());
    String answer = get(address);
    String word = System.getenv("WORD");
    String then =
        DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm")
            .format(Instant.ofEpochSecond(1782907200).atZone(ZoneId.of("America/New_York")));
    // Not in UTF-8 on our own account: the locale has to see to it.
    PrintStream out = System.out;
    out.println("user: " + Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    out.println("root: " + root());
    out.println("name: " + address.getHost() + " is " + found.getHostAddress());
    out.println("certificates: " + certificates());
    out.println("https: " + answer);
    out.println("stranger: " + refusal(URI.create(args[1])));
    out.println("time zone: " + then + " in New York");
    out.println("locale: " + word + " has " + word.codePointCount(0, word.length()) + " characters");
  }

  private static String root() {
    try {
      Files.writeString(Path.of("/tmp/proof"), "");
      return "writable";
    } catch (FileSystemException e) {
      return "Read-only file system".equals(e.getReason()) ? "read-only" : e.toString();
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static int certificates() throws Exception {
    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((KeyStore) null);
    return ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers().length;
  }

  private static String get(URI address) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(10)).build();
    var response = HttpClient.newHttpClient().send(request, BodyHandlers.ofString(StandardCharsets.UTF_8));
    return response.statusCode() + " " + response.body().strip();
  }

  private static String refusal(URI address) throws Exception {
    try {
      return "trusted, " + get(address);
    } catch (IOException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof CertPathBuilderException || cause instanceof CertPathValidatorException) {
          return "refused";
        }
      }
      return e.toString();
    }
  }
}
