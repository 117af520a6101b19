/**
 * A script for a shell with busybox in /bin: all files of the container with type, mode, owner, size, names, time and content or target, a line each.
 * What engines put into every container is left out, and volumes.
 */
export const listFiles = `
cd /
find . -xdev \\( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./tmp -o -path ./volume \\) -prune -o -print | sort |
while IFS= read -r file; do
  case $file in
    .|./etc|./.dockerenv|./etc/hosts|./etc/hostname|./etc/resolv.conf|./etc/mtab|./proc|./sys|./dev|./run|./tmp) continue ;;
  esac
  if [ -L "$file" ]; then echo "$(stat -c '%n %F %u:%g %Y' "$file") $(readlink "$file")"
  elif [ -f "$file" ]; then echo "$(stat -c '%n %F %a %u:%g %s %h %Y' "$file") $(sha256sum <"$file")"
  else stat -c '%n %F %a %u:%g %Y' "$file"; fi
done
`;
