#include "binding/split.h"

#include "binding/convert.h"
#include "core/split.h"

namespace gemmnet {

namespace {

/// One number per row, below `count`; none where there is no such array.
std::span<const std::int32_t> get_codes(const Napi::Object& settings, const char* name,
                                        std::size_t rows, std::size_t count) {
  const Napi::Value value = settings.Get(name);
  if (value.IsUndefined()) return {};
  const auto codes = to_elements<std::int32_t>(value, name);
  bool is_right = codes.size() == rows;
  for (const std::int32_t code : codes)
    is_right = is_right && code >= 0 && static_cast<std::size_t>(code) < count;
  if (!is_right)
    throw Napi::RangeError::New(settings.Env(),
                                std::string("Expected `") + name + "` to have a code per row");
  return codes;
}

}  // namespace

Napi::Value deal(const Napi::CallbackInfo& info) {
  const Napi::Object settings = info[0].As<Napi::Object>();
  Deal to_deal;
  to_deal.rows = get_size(settings, "rows");
  std::size_t sum = 0;
  for (const double size : get_numbers(settings, "sizes")) {
    to_deal.sizes.push_back(static_cast<std::size_t>(size));
    sum += to_deal.sizes.back();
  }
  to_deal.classes = get_size(settings, "classes");
  to_deal.labels = get_codes(settings, "labels", to_deal.rows, to_deal.classes);
  to_deal.group_count = get_size(settings, "groupCount");
  to_deal.groups = get_codes(settings, "groups", to_deal.rows, to_deal.group_count);
  to_deal.shuffle = get_boolean(settings, "shuffle");
  to_deal.seed = get_size(settings, "seed");
  if (sum > to_deal.rows)
    throw Napi::RangeError::New(info.Env(), "Expected `sizes` to sum to at most the rows");
  if (!to_deal.groups.empty() && to_deal.group_count < to_deal.sizes.size())
    throw Napi::RangeError::New(info.Env(), "Expected as many groups as parts");

  const auto parts = deal_rows(to_deal);
  Napi::Array array = Napi::Array::New(info.Env(), parts.size());
  for (std::uint32_t i = 0; i < parts.size(); ++i)
    array[i] = to_array(info.Env(), parts[i].data(), parts[i].size());
  return array;
}

}  // namespace gemmnet
