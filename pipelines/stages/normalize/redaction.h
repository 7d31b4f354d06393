// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops::normalize {

/// Which members of a document hold personal data, and what becomes of them: hashed (SHA-256 of the text, 64
/// hexadecimal digits) or taken out. A path names every member whose own path ends with it, at any depth and in
/// arrays: `email` is hashed wherever it stands, `user.email` below any `user`.
struct Redaction {
    std::vector<std::string> hashed;
    std::vector<std::string> dropped;

    bool empty() const { return hashed.empty() && dropped.empty(); }
    /// Adds the paths of @p other that are not here yet.
    void add(const Redaction &other);
};

/// Applies a Redaction to JSON texts. Thread: one at a time. Memory: O(document).
class Redactor
{
public:
    /// A value that was hashed or dropped, in clear, and its hash ("" when dropped).
    using Clear = std::pair<std::string, std::string>;

    /// Appends @p json (valid) with everything in @p redaction replaced; all other
    /// tokens stay as written (white space between them goes). @p prefix is
    /// where the text stands: "attrs", "tags" or "". False: nothing to do, @p out is as before. O(length), one pass.
    bool redact(std::string_view json, std::string_view prefix, const Redaction &redaction, std::string &out,
                std::vector<Clear> *clear);

private:
    void skipBlanks();
    std::string_view takeString();
    std::string_view takeValue();
    void copyValue(std::string &out);
    void copyObject(std::string &out);
    void replace(std::string_view value, bool drop, std::string &out);

    std::string_view m_text;
    std::size_t m_at = 0;
    bool m_changed = false;
    const Redaction *m_redaction = nullptr;
    std::vector<Clear> *m_clear = nullptr;
    std::string m_path, m_scratch, m_name;
};

constexpr std::size_t ClearTextsMax = 256;

/// Empty when there are more than ClearTextsMax: better no record than one in clear. Else
/// @p text with each occurrence of a clear text replaced by its hash, or removed; for records that are no JSON.
std::string redactText(std::string_view text, const std::vector<Redactor::Clear> &clear);

} // namespace eventops::normalize
