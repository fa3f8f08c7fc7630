#include "core/processors.h"

#include <doctest/doctest.h>

#include <fstream>
#include <random>
#include <string>

using namespace gemmnet;

namespace {

namespace fs = std::filesystem;

/// A root folder with the files that a process finds under /proc and /sys.
class System {
 public:
  System() : root_(fs::temp_directory_path() / ("gemmnet-" + std::to_string(seed()))) {
    fs::create_directories(root_);
  }
  ~System() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  System(const System&) = delete;
  System& operator=(const System&) = delete;

  System& write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text << '\n';
    return *this;
  }
  /// A process in cgroup `cgroup`, seeing `part` of a version 2 hierarchy.
  System& version2(const std::string& cgroup, const std::string& part = "/") {
    write("proc/self/cgroup", "0::" + cgroup);
    return write("proc/self/mountinfo",
                 "24 1 0:22 / /proc rw,nosuid - proc proc rw\n"
                 "30 24 0:27 " +
                     part + " /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw");
  }
  System& version1(const std::string& cgroup, const std::string& part = "/") {
    write("proc/self/cgroup",
          "9:cpuset:/elsewhere\n4:cpu,cpuacct:" + cgroup + "\n1:name=systemd:/init");
    return write("proc/self/mountinfo",
                 "31 24 0:28 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
                 "33 24 0:30 " +
                     part + " /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct");
  }
  System& limit1(const std::string& folder, const std::string& quota, const std::string& period) {
    write("sys/fs/cgroup/cpu,cpuacct/" + folder + "/cpu.cfs_quota_us", quota);
    return write("sys/fs/cgroup/cpu,cpuacct/" + folder + "/cpu.cfs_period_us", period);
  }
  [[nodiscard]] std::optional<double> quota() const { return cpu_quota(root_); }

 private:
  static inline std::random_device seed;
  fs::path root_;
};

}  // namespace

TEST_CASE("a cgroup of version 2 limits its process") {
  CHECK(System().version2("/").write("sys/fs/cgroup/cpu.max", "250000 100000").quota() == 2.5);
  CHECK(System().version2("/box").write("sys/fs/cgroup/box/cpu.max", "50000 100000").quota() ==
        0.5);
}

TEST_CASE("the smallest limit from a nested cgroup to the root counts") {
  const auto nested = [](const char* a, const char* b, const char* c) {
    return System()
        .version2("/a/b/c")
        .write("sys/fs/cgroup/a/cpu.max", a)
        .write("sys/fs/cgroup/a/b/cpu.max", b)
        .write("sys/fs/cgroup/a/b/c/cpu.max", c)
        .quota();
  };
  CHECK(nested("200000 100000", "800000 100000", "max 100000") == 2);
  CHECK(nested("max 100000", "80000 10000", "300000 100000") == 3);
  CHECK(nested("800000 100000", "100000 50000", "300000 100000") == 2);
  CHECK(nested("max 100000", "max 100000", "max 100000") == std::nullopt);
}

TEST_CASE("another cgroup's limit does not count") {
  CHECK(System()
            .version2("/a")
            .write("sys/fs/cgroup/a/cpu.max", "max 100000")
            .write("sys/fs/cgroup/b/cpu.max", "100000 100000")
            .write("sys/fs/cgroup/a/child/cpu.max", "100000 100000")
            .quota() == std::nullopt);
}

TEST_CASE("a container that sees its own part of the hierarchy only finds its limit there") {
  for (const char* cgroup : {"/docker/abc", "/docker/abc/nested"})
    CHECK(System()
              .version2(cgroup, "/docker/abc")
              .write("sys/fs/cgroup/cpu.max", "150000 100000")
              .quota() == 1.5);
  CHECK(System().version1("/docker/abc", "/docker/abc").limit1(".", "400000", "100000").quota() ==
        4);
  // A process outside of its namespace's root.
  CHECK(System().version2("/../other").write("sys/fs/cgroup/cpu.max", "100000 100000").quota() ==
        1);
}

TEST_CASE("cgroups of version 1 limit their process") {
  CHECK(System().version1("/").limit1(".", "300000", "100000").quota() == 3);
  CHECK(System()
            .version1("/a/b")
            .limit1("a", "100000", "50000")
            .limit1("a/b", "-1", "50000")
            .quota() == 2);
  CHECK(System().version1("/").limit1(".", "-1", "100000").quota() == std::nullopt);
}

TEST_CASE("in a mixed hierarchy both versions count, wherever they are mounted") {
  System system;
  system.write("proc/self/cgroup", "4:cpu:/a b\n0::/c")
      .write("proc/self/mountinfo",
             "33 24 0:30 / /sys/fs/my\\040cgroup rw - cgroup cgroup rw,cpu\n"
             "34 24 0:31 / /sys/fs/unified rw shared:1 master:2 - cgroup2 cgroup2 rw")
      .write("sys/fs/my cgroup/a b/cpu.cfs_quota_us", "700000")
      .write("sys/fs/my cgroup/a b/cpu.cfs_period_us", "100000");
  CHECK(system.quota() == 7);
  CHECK(system.write("sys/fs/unified/c/cpu.max", "600000 100000").quota() == 6);
}

TEST_CASE("what cannot be read limits nothing") {
  CHECK(System().quota() == std::nullopt);
  CHECK(System().version2("/a").quota() == std::nullopt);
  for (const char* garbage : {"", "max", "garbage 100000", "100000", "100000 0", "-5 100000",
                              "0 100000", "nan nan", "1e999 1", "100000 x", "\xff\xfe\x01"})
    CHECK(System().version2("/").write("sys/fs/cgroup/cpu.max", garbage).quota() == std::nullopt);
  for (const char* garbage :
       {"", "x", "::", "0:", "-", "a b c - ", " - cgroup2", "1 2 3 4 - a b c", "0::/\\", "\\0"}) {
    System system;
    system.version2("/").write("sys/fs/cgroup/cpu.max", "100000 100000");
    CHECK(system.write("proc/self/mountinfo", garbage).quota() == std::nullopt);
    system.version2("/");
    CHECK(system.quota() == 1);
    const auto quota = system.write("proc/self/cgroup", garbage).quota();
    CHECK((!quota || *quota == 1));  // it may name a cgroup: that of the mount counts anyway
  }
  CHECK(System().version1("/").limit1(".", "100000", "0").quota() == std::nullopt);
  CHECK(System().version1("/").limit1(".", "x", "100000").quota() == std::nullopt);
}

TEST_CASE("a quota is rounded up to processors, at least one") {
  CHECK(processors_of_quota(0.01) == 1);
  CHECK(processors_of_quota(1) == 1);
  CHECK(processors_of_quota(1.5) == 2);
  CHECK(processors_of_quota(64) == 64);
  CHECK(processors_of_quota(1e300) > 1000);
}

TEST_CASE("at least one processor is there") { CHECK(available_processors() >= 1); }
