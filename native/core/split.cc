#include "core/split.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "core/random.h"

namespace gemmnet {

namespace {

using Parts = std::vector<std::vector<std::uint32_t>>;

/// Deals the rows of each class evenly over the whole order: the k-th of n rows of a class gets the
/// key (k + u) / n, with one u in [0, 1) per class, and rows are sorted by key. In any stretch of
/// the order a class then has n times the stretch's span of keys, to within one row.
void interleave_classes(const Deal& deal, std::vector<std::uint32_t>& order) {
  const Philox random(deal.seed, Stream::split, 1);
  std::vector<std::size_t> sizes(deal.classes, 0);
  for (const std::int32_t label : deal.labels) ++sizes[static_cast<std::size_t>(label)];
  std::vector<std::size_t> seen(deal.classes, 0);
  std::vector<std::pair<double, std::uint32_t>> keys;
  keys.reserve(order.size());
  for (const std::uint32_t row : order) {
    const auto label = static_cast<std::size_t>(deal.labels[row]);
    const double offset = deal.shuffle ? random.uniform(label) : 0.5;
    keys.emplace_back(
        (static_cast<double>(seen[label]++) + offset) / static_cast<double>(sizes[label]), row);
  }
  std::stable_sort(keys.begin(), keys.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::transform(keys.begin(), keys.end(), order.begin(),
                 [](const auto& key) { return key.second; });
}

Parts cut(std::span<const std::uint32_t> order, std::span<const std::size_t> sizes) {
  Parts parts;
  for (const std::size_t size : sizes) {
    parts.emplace_back(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size));
    order = order.subspan(size);
  }
  return parts;
}

/// Cuts the groups, one after another, where the ends of groups are nearest to the wanted ones, the
/// earlier of two; each part gets a group at least.
Parts cut_between_groups(const Deal& deal, std::vector<std::uint32_t>& order) {
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return deal.groups[a] < deal.groups[b];
  });
  std::vector<std::size_t> ends(deal.group_count, 0);  // rows up to the end of each group
  for (const std::int32_t group : deal.groups) ++ends[static_cast<std::size_t>(group)];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());

  std::vector<std::size_t> sizes;
  std::size_t wanted = 0;
  std::size_t begin = 0;
  auto first = ends.begin();
  for (std::size_t part = 0; part < deal.sizes.size(); ++part) {
    wanted += deal.sizes[part];
    // Those after it get one each, too.
    const auto last = ends.end() - static_cast<std::ptrdiff_t>(deal.sizes.size() - 1 - part);
    auto end = std::lower_bound(first, last, wanted);
    if (end == last || (end != first && wanted - end[-1] <= *end - wanted)) --end;
    sizes.push_back(*end - begin);
    begin = *end;
    first = end + 1;
  }
  return cut(order, sizes);
}

/// The rows of each group by class.
class GroupCounts {
 public:
  struct Count {
    std::size_t label;
    double rows;
  };

  explicit GroupCounts(const Deal& deal) : begins_(deal.group_count + 1, 0) {
    std::vector<std::uint32_t> order(deal.rows);
    std::iota(order.begin(), order.end(), 0U);
    const auto label_of = [&](std::uint32_t row) {
      return deal.labels.empty() ? 0 : deal.labels[row];
    };
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::pair(deal.groups[a], label_of(a)) < std::pair(deal.groups[b], label_of(b));
    });
    std::int32_t group = 0;
    for (const std::uint32_t row : order) {
      while (group < deal.groups[row]) begins_[static_cast<std::size_t>(++group)] = counts_.size();
      const auto label = static_cast<std::size_t>(label_of(row));
      if (counts_.size() == begins_[static_cast<std::size_t>(group)] ||
          counts_.back().label != label)
        counts_.push_back({label, 0});
      ++counts_.back().rows;
    }
    std::fill(begins_.begin() + group + 1, begins_.end(), counts_.size());
  }

  [[nodiscard]] std::span<const Count> of(std::size_t group) const {
    return std::span(counts_).subspan(begins_[group], begins_[group + 1] - begins_[group]);
  }

 private:
  std::vector<Count> counts_;
  std::vector<std::size_t> begins_;  // of each group's counts; the last is their end
};

/// The groups in the order in which their first rows come, but the large ones first, as small ones
/// then fill the gaps: by powers of two of their sizes, so that the order still counts.
std::vector<std::uint32_t> large_groups_first(const Deal& deal,
                                              std::span<const std::uint32_t> order) {
  std::vector<std::uint32_t> sizes(deal.group_count, 0);
  std::vector<std::uint32_t> groups;
  for (const std::uint32_t row : order) {
    const auto group = static_cast<std::uint32_t>(deal.groups[row]);
    if (sizes[group]++ == 0) groups.push_back(group);
  }
  std::stable_sort(groups.begin(), groups.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::bit_width(sizes[a]) > std::bit_width(sizes[b]);
  });
  return groups;
}

Parts balance_groups(const Deal& deal, std::span<const std::uint32_t> order) {
  const GroupCounts counts(deal);
  const std::size_t classes = deal.labels.empty() ? 1 : deal.classes;
  std::vector<double> totals(classes, 0);
  for (std::size_t group = 0; group < deal.group_count; ++group)
    for (const auto& [label, rows] : counts.of(group)) totals[label] += rows;

  // What is left out is one more part, which alone may stay empty.
  std::vector<std::size_t> wanted = deal.sizes;
  const std::size_t sum = std::accumulate(wanted.begin(), wanted.end(), std::size_t{0});
  if (sum < deal.rows) wanted.push_back(deal.rows - sum);
  std::vector<bool> has_group(wanted.size(), false);
  if (sum < deal.rows) has_group.back() = true;
  std::size_t empty = deal.sizes.size();

  std::vector<std::vector<double>> had(wanted.size(), std::vector<double>(classes, 0));
  // Chi-square is the sum of had^2 / wanted less all rows: this is what a group adds to it, but
  // for a factor.
  const auto cost = [&](std::size_t part, std::uint32_t group) {
    double added = 0;
    for (const auto& [label, rows] : counts.of(group))
      added += (2 * had[part][label] + rows) * rows / totals[label];
    return added / static_cast<double>(wanted[part]);
  };
  std::vector<std::size_t> part_of(deal.group_count, 0);
  std::size_t groups_left = deal.group_count;
  for (const std::uint32_t group : large_groups_first(deal, order)) {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t part = 0; part < wanted.size(); ++part) {
      if (groups_left == empty && has_group[part]) continue;
      if (const double added = cost(part, group); added < least) {
        least = added;
        best = part;
      }
    }
    part_of[group] = best;
    for (const auto& [label, rows] : counts.of(group)) had[best][label] += rows;
    if (!has_group[best]) --empty;
    has_group[best] = true;
    --groups_left;
  }

  Parts parts(wanted.size());
  for (const std::uint32_t row : order)
    parts[part_of[static_cast<std::size_t>(deal.groups[row])]].push_back(row);
  parts.resize(deal.sizes.size());
  return parts;
}

}  // namespace

std::vector<std::vector<std::uint32_t>> deal_rows(const Deal& deal) {
  std::vector<std::uint32_t> order(deal.rows);
  std::iota(order.begin(), order.end(), 0U);
  if (deal.shuffle) shuffle(order, Philox(deal.seed, Stream::split, 0));
  if (!deal.groups.empty())
    return deal.shuffle || !deal.labels.empty() ? balance_groups(deal, order)
                                                : cut_between_groups(deal, order);
  if (!deal.labels.empty()) interleave_classes(deal, order);
  return cut(order, deal.sizes);
}

}  // namespace gemmnet
