import java.net.URI;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Tells what a program finds around it: STRANGER is a server that nobody vouches for. */
public class Surroundings {
  public static void main(String[] args) throws Exception {
    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((KeyStore) null);
    int anchors = 0;
    for (TrustManager manager : factory.getTrustManagers())
      anchors += ((X509TrustManager) manager).getAcceptedIssuers().length;
    tell("anchors", anchors);
    tell("charset", Charset.defaultCharset());
    for (String name : new String[] {"file.encoding", "sun.jnu.encoding", "user.name", "user.home", "java.specification.version"})
      tell(name, System.getProperty(name));
    Path file = Files.createFile(Path.of(System.getProperty("user.home"), "żółw"));
    tell("file", Files.list(file.getParent()).map(path -> path.getFileName().toString()).toList());
    tell("writable", Files.isWritable(Path.of("/")));
    tell("zone", ZonedDateTime.of(2026, 7, 1, 12, 0, 0, 0, ZoneOffset.UTC).withZoneSameInstant(ZoneId.of("America/New_York")).toLocalDateTime());
    tell("fonts", java.awt.GraphicsEnvironment.getLocalGraphicsEnvironment().getAllFonts().length > 0);
    try {
      URI.create(args[0]).toURL().openStream().close();
      tell("stranger", "trusted");
    } catch (SSLHandshakeException error) {
      tell("stranger", "refused");
    }
    tell("processes", new ProcessBuilder("/usr/bin/java", "-version").start().waitFor());
  }

  private static void tell(String name, Object value) {
    System.out.println(name + "=" + value);
  }
}
