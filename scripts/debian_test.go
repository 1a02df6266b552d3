// Package scripts tests the scripts that decide something.
package scripts

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fakeApt stands in for apt-get and apt-cache. FAKE has a folder for each archive that can
// be reached, "mirror" and "snapshot", and in it a file NAME_VERSION for each package.
const fakeApt = `#!/bin/sh
for argument in "$@"; do
    case $argument in Dir::Etc::sourcelist=*) sources=${argument#*=} ;; esac
done
while [ $# != 0 ]; do
    case $1 in
    -o) shift ;;
    -*) ;;
    *) break ;;
    esac
    shift
done
verb=$1
shift
archives=
if [ -n "$sources" ]; then
    for archive in mirror snapshot; do
        ! grep -q "$archive" "$sources" || archives="$archives $archive"
    done
fi
of() { for archive in $archives; do ls -d "$FAKE/$archive/$1"_* 2>/dev/null; done; }
case $verb in
indextargets) echo http://mirror/debian; echo http://mirror/debian-security; echo http://other ;;
madison) for name; do of "$name" | while read -r file; do echo "  $name | ${file##*_} | http://mirror trixie/main"; done; done ;;
show)
    for name; do :; done
    file=$(of "$name" | sort | tail -n 1)
    [ -n "$file" ] || exit 100
    printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nSHA256: %s\n' "$name" "${file##*_}" "$(sha256sum "$file" | cut -d ' ' -f 1)"
    ;;
download)
    for package; do
        found=$(of "${package%=*}" | grep "_${package#*=}\$" | head -n 1)
        [ -n "$found" ] || { echo "E: no $package" >&2; exit 100; }
        cp "$found" "./${package%=*}_${package#*=}_amd64.deb"
    done
    ;;
esac
`

// debian is a fake Debian with scripts/debian-packages and a lock file.
type debian struct {
	t            *testing.T
	folder, lock string
}

func newDebian(t *testing.T) *debian {
	d := &debian{t: t, folder: t.TempDir()}
	d.lock = filepath.Join(d.folder, "test.lock")
	for name, content := range map[string]string{"apt-get": fakeApt, "apt-cache": fakeApt, "dpkg": "#!/bin/sh\necho amd64\n"} {
		d.write("bin/"+name, content, 0o755)
	}
	d.write("test.lock", "# A lock.\nsuite trixie\nsnapshot 20260102T030405Z\n"+
		"crun 1 amd64 "+sum("crun 1")+"\nlibc6 1 amd64 "+sum("libc6 1")+"\ncrun 1 arm64 f00d\n", 0o644)
	return d
}

func (d *debian) write(name, content string, mode os.FileMode) {
	d.t.Helper()
	file := filepath.Join(d.folder, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(content), mode)); err != nil {
		d.t.Fatal(err)
	}
}

// offer puts packages into an archive. The content of each is its name.
func (d *debian) offer(archive string, packages ...string) {
	for _, name := range packages {
		d.write(archive+"/"+strings.ReplaceAll(name, " ", "_"), name, 0o644)
	}
}

// run returns what the script wrote, and its exit code.
func (d *debian) run(environment []string, arguments ...string) (string, int) {
	d.t.Helper()
	cmd := exec.Command("./debian-packages", arguments...)
	cmd.Env = append(os.Environ(), "PATH="+d.folder+"/bin:"+os.Getenv("PATH"), "FAKE="+d.folder, "STRICT_LOCK=")
	cmd.Env = append(cmd.Env, environment...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func sum(content string) string {
	all := sha256.Sum256([]byte(content))
	return hex.EncodeToString(all[:])
}

func TestDebianPackagesFetch(t *testing.T) {
	pinned := "crun 1 amd64 " + sum("crun 1") + "\nlibc6 1 amd64 " + sum("libc6 1") + "\n"
	for name, test := range map[string]struct {
		mirror, snapshot []string
		environment      []string
		spoil            bool // the mirror's crun
		code             int
		output           string // matches what is printed
		packages         string
	}{
		"the mirror has what the lock names": {mirror: []string{"crun 1", "libc6 1", "crun 2"}, output: `^$`, packages: pinned},
		"only snapshot has one of them":      {mirror: []string{"crun 2", "libc6 1"}, snapshot: []string{"crun 1"}, output: `^$`, packages: pinned},
		"only snapshot can be reached":       {snapshot: []string{"crun 1", "libc6 1"}, environment: []string{"STRICT_LOCK=1"}, output: `^$`, packages: pinned},
		"one is gone": {
			mirror: []string{"crun 2", "libc6 1"}, output: `^warning: crun 1 \(` + sum("crun 1") + `\) .*: taking crun 2 amd64 ` + sum("crun 2") + `\..*lock .*test.lock\n$`,
			packages: strings.Replace(pinned, "crun 1 amd64 "+sum("crun 1"), "crun 2 amd64 "+sum("crun 2"), 1),
		},
		"one is gone, which is forbidden": {
			mirror: []string{"crun 2", "libc6 1"}, environment: []string{"STRICT_LOCK=1"}, code: 3, output: `^error: .*STRICT_LOCK.*: crun 1 amd64`,
		},
		"one has another checksum": {mirror: []string{"crun 1", "libc6 1"}, spoil: true, code: 3, output: `^error: crun_1_amd64.deb: its checksum`},
		"nothing can be reached":   {code: 1, output: `error: crun: no mirror`},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDebian(t)
			d.offer("mirror", test.mirror...)
			d.offer("snapshot", test.snapshot...)
			if test.spoil {
				d.write("mirror/crun_1", "something else", 0o644)
			}
			target := t.TempDir()
			out, code := d.run(test.environment, "fetch", d.lock, target)
			if code != test.code || !regexp.MustCompile(test.output).MatchString(out) {
				t.Errorf("got code %d and %q, want %d and %q", code, out, test.code, test.output)
			}
			if got, _ := os.ReadFile(filepath.Join(target, "packages")); string(got) != test.packages {
				t.Errorf("packages: got %q, want %q", got, test.packages)
			}
		})
	}
}

func TestDebianPackagesLock(t *testing.T) {
	d := newDebian(t)
	before, err := os.ReadFile(d.lock)
	if err != nil {
		t.Fatal(err)
	}
	d.offer("mirror", "crun 1", "crun 2")
	if out, code := d.run(nil, "lock", d.lock); code != 1 || !strings.Contains(out, "libc6: no mirror") {
		t.Errorf("a package is missing: got %d and %q", code, out)
	}
	if after, _ := os.ReadFile(d.lock); string(after) != string(before) {
		t.Errorf("a failed renewal changed the lock to %q", after)
	}
	d.offer("mirror", "libc6 1")
	if out, code := d.run(nil, "lock", d.lock); code != 0 {
		t.Fatalf("got %d and %q", code, out)
	}
	want := `^# A lock\.\nsuite trixie\nsnapshot \d{8}T\d{6}Z\ncrun 2 amd64 ` + sum("crun 2") + `\nlibc6 1 amd64 ` + sum("libc6 1") + `\ncrun 2 amd64 `
	if after, _ := os.ReadFile(d.lock); !regexp.MustCompile(want).Match(after) {
		t.Errorf("got %q, want %q", after, want)
	}
}
