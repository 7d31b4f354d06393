// SPDX-License-Identifier: MIT
#include "core/lake/parquet_parts.h"

#include "core/base/encode.h"
#include "core/base/hash.h"
#include "core/lake/files.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <unistd.h>

namespace eventops::lake {
namespace {

constexpr std::string_view Prefix = "part-";
constexpr std::string_view Suffix = ".parquet";
constexpr std::size_t NumberDigitsMin = 4;

} // namespace

std::string encodePartValue(std::string_view value)
{
    std::string out = percentEncoded(value);
    if (out.size() <= PartValueBytesMax)
        return out;
    const std::string hash = '~' + hexOf(hash64(value));
    std::size_t size = PartValueBytesMax - hash.size();
    const std::size_t percent = out.rfind('%', size);
    if (percent != std::string::npos && percent + 3 > size)
        size = percent; // never half of a byte
    return out.substr(0, size) + hash;
}

std::string partFolder(std::string_view tenant, std::string_view metric, std::string_view date)
{
    return "tenant=" + encodePartValue(tenant) + "/metric=" + encodePartValue(metric)
           + "/date=" + (date.empty() ? std::string(HiveNull) : encodePartValue(date));
}

std::string partName(std::uint64_t number)
{
    std::string digits = std::to_string(number);
    if (digits.size() < NumberDigitsMin)
        digits.insert(0, NumberDigitsMin - digits.size(), '0');
    return std::string(Prefix) + digits + std::string(Suffix);
}

std::uint64_t partNumber(std::string_view fileName)
{
    if (fileName.size() <= Prefix.size() + Suffix.size() || fileName.substr(0, Prefix.size()) != Prefix
        || fileName.substr(fileName.size() - Suffix.size()) != Suffix)
        return 0;
    fileName.remove_prefix(Prefix.size());
    fileName.remove_suffix(Suffix.size());
    std::uint64_t number = 0;
    const auto end = std::from_chars(fileName.data(), fileName.data() + fileName.size(), number);
    return end.ec == std::errc() && end.ptr == fileName.data() + fileName.size() ? number : 0;
}

std::uint64_t lastPartNumber(const std::string &folder)
{
    std::uint64_t last = 0;
    std::error_code failed;
    for (const auto &entry : std::filesystem::directory_iterator(folder, failed))
        last = std::max(last, partNumber(entry.path().filename().string()));
    return last;
}

Status placePart(const PartMove &move)
{
    std::error_code failed;
    const bool written = std::filesystem::exists(move.from, failed);
    const bool placed = std::filesystem::exists(move.to, failed);
    if (!written && placed)
        return Ok{};
    if (!written)
        return Error{Error::Code::Corrupt, "a part of the lake is gone", {move.from, 0, 0},
                     "build it again: eventops lake rebuild"};
    const std::string folder = std::filesystem::path(move.to).parent_path().string();
    EVENTOPS_TRY(makeFolders(folder));
    EVENTOPS_TRY(syncPath(move.from));
    // A link fails where a rename would replace: parts are never rewritten.
    if (::link(move.from.c_str(), move.to.c_str()) != 0) {
        if (errno != EEXIST || !std::filesystem::equivalent(move.from, move.to, failed))
            return fileError("cannot put the part in its place", move.to);
    }
    EVENTOPS_TRY(syncPath(folder));
    if (::unlink(move.from.c_str()) != 0)
        return fileError("cannot remove", move.from);
    return Ok{};
}

} // namespace eventops::lake
