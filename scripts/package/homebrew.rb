# The formula for Homebrew. scripts/package/manifests fills in what stands between @.
class KnColdstart < Formula
  desc "Measure cold starts of Knative Services, per RuntimeClass"
  homepage "https://github.com/kn-coldstart/kn-coldstart"
  version "@version@"
  license "Apache-2.0"

  on_macos do
    on_arm do
      url "https://github.com/kn-coldstart/kn-coldstart/releases/download/v@version@/kn-coldstart_@version@_darwin_arm64.tar.gz"
      sha256 "@darwin_arm64@"
    end
    on_intel do
      url "https://github.com/kn-coldstart/kn-coldstart/releases/download/v@version@/kn-coldstart_@version@_darwin_amd64.tar.gz"
      sha256 "@darwin_amd64@"
    end
  end

  on_linux do
    on_arm do
      url "https://github.com/kn-coldstart/kn-coldstart/releases/download/v@version@/kn-coldstart_@version@_linux_arm64.tar.gz"
      sha256 "@linux_arm64@"
    end
    on_intel do
      url "https://github.com/kn-coldstart/kn-coldstart/releases/download/v@version@/kn-coldstart_@version@_linux_amd64.tar.gz"
      sha256 "@linux_amd64@"
    end
  end

  def install
    bin.install "kn-coldstart"
    bin.install_symlink "kn-coldstart" => "kubectl-coldstart"
    prefix.install "licenses"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/kn-coldstart"
    zsh_completion.install "completions/_kn-coldstart"
    fish_completion.install "completions/kn-coldstart.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/kn-coldstart version")
  end
end
