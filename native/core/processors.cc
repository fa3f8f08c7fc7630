#include "core/processors.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace gemmnet {

namespace {

namespace fs = std::filesystem;

/// The cgroup that a mounted hierarchy begins with is not always that hierarchy's root: a container
/// may see only its own part, at the place of the whole.
struct Mount {
  std::string cgroup;
  fs::path folder;
};

/// The two kinds of hierarchy, as /proc/self/cgroup and /proc/self/mountinfo call them.
enum class Version { one, two };

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

bool has(const std::vector<std::string>& parts, std::string_view part) {
  return std::find(parts.begin(), parts.end(), part) != parts.end();
}

/// Blanks are written there as \040, and so on.
std::string decode_octal(std::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      decoded += static_cast<char>(64 * (text[i + 1] - '0') + 8 * (text[i + 2] - '0') +
                                   (text[i + 3] - '0'));
      i += 3;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

/// A line of mountinfo: "36 35 0:29 cgroup folder options [tags] - type source options".
std::optional<Mount> mount_in(const std::string& line, Version version) {
  const std::size_t dash = line.find(" - ");
  if (dash == std::string::npos) return std::nullopt;
  const auto mount = split(line.substr(0, dash), ' ');
  const auto system = split(line.substr(dash + 3), ' ');
  if (mount.size() < 5 || system.size() < 3) return std::nullopt;
  const bool found = version == Version::two
                         ? system[0] == "cgroup2"
                         : system[0] == "cgroup" && has(split(system[2], ','), "cpu");
  if (!found) return std::nullopt;
  return Mount{decode_octal(mount[3]), decode_octal(mount[4])};
}

/// The cgroup of a line of /proc/self/cgroup: "0::/a/b" of version 2, "4:cpu,cpuacct:/a/b" of 1.
std::optional<std::string> cgroup_in(const std::string& line, Version version) {
  const std::size_t first = line.find(':');
  if (first == std::string::npos) return std::nullopt;
  const std::size_t second = line.find(':', first + 1);
  if (second == std::string::npos) return std::nullopt;
  const auto controllers = split(line.substr(first + 1, second - first - 1), ',');
  const bool found = version == Version::two ? line.starts_with("0::") : has(controllers, "cpu");
  if (!found) return std::nullopt;
  return line.substr(second + 1);
}

template <typename Parse>
auto first_in(const fs::path& file, Version version, const Parse& parse) {
  std::ifstream stream(file);
  decltype(parse(std::string(), version)) found;
  for (std::string line; !found && std::getline(stream, line);) found = parse(line, version);
  return found;
}

/// The folders of the process's cgroup and of those around it that can be seen.
std::vector<fs::path> cgroup_folders(const fs::path& root, Version version) {
  const auto mount = first_in(root / "proc/self/mountinfo", version, mount_in);
  const auto cgroup = first_in(root / "proc/self/cgroup", version, cgroup_in);
  if (!mount || !cgroup) return {};
  fs::path folder = root / mount->folder.relative_path();
  std::vector<fs::path> folders{folder};
  const fs::path below = fs::path(*cgroup).lexically_relative(mount->cgroup);
  if (below.empty() || *below.begin() == "..") return folders;  // the process is not below it
  for (const fs::path& name : below)
    if (name != ".") folders.push_back(folder /= name);
  return folders;
}

std::optional<double> quota_of(double microseconds, double period) {
  const bool is_limit = std::isfinite(microseconds) && microseconds > 0 && period > 0;
  return is_limit ? std::optional(microseconds / period) : std::nullopt;
}

/// No number where a file is missing, or says "max" or -1.
std::optional<double> quota_in(const fs::path& folder, Version version) {
  double microseconds = 0;
  double period = 0;
  if (version == Version::two) {
    std::ifstream limit(folder / "cpu.max");
    if (!(limit >> microseconds >> period)) return std::nullopt;
  } else {
    std::ifstream quota_file(folder / "cpu.cfs_quota_us");
    std::ifstream period_file(folder / "cpu.cfs_period_us");
    if (!(quota_file >> microseconds) || !(period_file >> period)) return std::nullopt;
  }
  return quota_of(microseconds, period);
}

std::size_t count_processors() {
  std::size_t count = std::max(1U, std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t mask;  // of 1024 processors; where there are more, the call fails
  if (sched_getaffinity(0, sizeof(mask), &mask) == 0)
    count = static_cast<std::size_t>(std::max(1, CPU_COUNT(&mask)));
  if (const auto quota = cpu_quota("/")) count = std::min(count, processors_of_quota(*quota));
#endif
  return count;
}

}  // namespace

std::optional<double> cpu_quota(const fs::path& root) {
  std::optional<double> smallest;
  for (const Version version : {Version::two, Version::one}) {
    for (const fs::path& folder : cgroup_folders(root, version)) {
      const auto quota = quota_in(folder, version);
      if (quota && (!smallest || *quota < *smallest)) smallest = quota;
    }
  }
  return smallest;
}

std::size_t processors_of_quota(double quota) {
  constexpr double most = 1 << 20;  // more than any machine has, and a number that can be cast
  return static_cast<std::size_t>(std::clamp(std::ceil(quota), 1.0, most));
}

std::size_t available_processors() {
  static const std::size_t count = count_processors();
  return count;
}

}  // namespace gemmnet
