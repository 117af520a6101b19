// Client asks an HTTPS server, and tells what it finds in the image that it runs in: `client URL STRANGER`.
// STRANGER is the address of a server whose certificate nobody vouches for.
package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: client URL STRANGER")
		os.Exit(2)
	}
	if err := tell(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

func tell(address, stranger string) error {
	parsed, err := url.Parse(address)
	if err != nil {
		return err
	}
	found, err := net.LookupHost(parsed.Hostname())
	if err != nil {
		return err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return err
	}
	answer, err := get(address)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		return err
	}
	word := os.Getenv("WORD")
	fmt.Println("user:", os.Getuid())
	fmt.Println("root:", root())
	fmt.Println("name:", parsed.Hostname(), "is", found[0])
	fmt.Println("certificates:", len(pool.Subjects()))
	fmt.Println("https:", answer)
	fmt.Println("stranger:", refusal(stranger))
	fmt.Println("time zone:", time.Unix(1782907200, 0).In(zone).Format("2006-01-02 15:04"), "in New York")
	fmt.Println("locale:", word, "has", utf8.RuneCountInString(word), "characters")
	return nil
}

func root() string {
	err := os.WriteFile("/tmp/proof", nil, 0o600)
	if errors.Is(err, syscall.EROFS) {
		return "read-only"
	}
	return fmt.Sprint("writable, ", err)
}

func get(address string) (string, error) {
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Get(address)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1000))
	return fmt.Sprint(response.StatusCode, " ", strings.TrimSpace(string(body))), err
}

func refusal(address string) string {
	answer, err := get(address)
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &unknown):
		return "refused"
	case err != nil:
		return err.Error()
	}
	return "trusted, " + answer
}
