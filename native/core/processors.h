#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

namespace gemmnet {

/// Processors that this process may keep busy: its affinity mask, which a container's cpuset
/// narrows, cut by the CPU quota of its cgroups. At least 1. Read once, at the first call.
std::size_t available_processors();

/// The smallest CPU quota, in processors, of the cgroups that the calling process is in and of
/// those around them, of version 2 and 1; none where nothing limits it, or what is found there
/// cannot be read as a limit. `root` is the folder that has `proc` and `sys`: "/" but for tests.
std::optional<double> cpu_quota(const std::filesystem::path& root);

/// Threads that a quota gives work to. The last one's share is not lost but waited for: with a
/// quota of 1.5, two threads do the work of one and a half.
std::size_t processors_of_quota(double quota);

}  // namespace gemmnet
