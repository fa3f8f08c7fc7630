#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gemmnet {

/// How rows are dealt to parts.
struct Deal {
  std::size_t rows = 0;
  /// The rows wanted of each part; together at most `rows`, the others are left out.
  std::vector<std::size_t> sizes;
  /// The class of each row, in [0, classes), or empty: each part gets of every class its share.
  std::span<const std::int32_t> labels;
  std::size_t classes = 0;
  /// The group of each row, in [0, group_count), or empty: no group goes to two parts. There are
  /// at least as many groups as parts, none of them empty.
  std::span<const std::int32_t> groups;
  std::size_t group_count = 0;
  /// Whether rows are taken in an order drawn from `seed`, else as they stand.
  bool shuffle = true;
  std::uint64_t seed = 0;
};

/// The rows of each part: no row in two of them, and none of them empty.
///
/// - Without groups every part has its size. With labels it has of a class with the share s of all
///   rows, among C classes, its own share to within 1 + max(0, s (C - 2)) rows: less than 2 where
///   classes are of one size.
/// - With groups, shuffled or by labels, large groups come first, those of about one size in the
///   drawn order, and each goes to the part where it adds least to Pearson's chi-square of the rows
///   got and wanted, over parts and classes. (Without labels that is the rule of Webster and
///   Sainte-Lague for seats.) Among P parts, what is left out counting as one, a part with the
///   share s of the rows then has less than (1 + max(0, s (P - 2))) / 2 times the largest group
///   more than was wanted, or it is the only group of the part.
/// - With groups otherwise, the parts are cut from the groups one after another, in the order of
///   their numbers, at those ends of groups that are nearest to the wanted ones.
std::vector<std::vector<std::uint32_t>> deal_rows(const Deal& deal);

}  // namespace gemmnet
