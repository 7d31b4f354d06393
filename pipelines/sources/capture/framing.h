// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace eventops {

/// How the bytes of a capture fall into records.
enum class Framing : std::uint8_t {
    Lines,        ///< One a line; blank lines are none.
    Document,     ///< The whole capture is one.
    Concatenated, ///< JSON documents one after the other, each over any number of lines.
    Csv,          ///< One a line, but line ends between quotes belong to the record.
    Multiline,    ///< A record begins with a line that matches a pattern and takes in the lines that do not.
};

/// Finds the ends of records in a growing buffer. Remembers how far it has looked, so that every byte is looked at
/// once. Thread: one.
class Framer
{
public:
    struct Found {
        std::size_t begin; ///< The record is [begin, end) of the buffer;
        std::size_t end;
        std::size_t next;  ///< and the rest begins here.
        std::size_t whole; ///< End before line ends and blanks were cut off: what a record too long to hold ends with.
    };
    virtual ~Framer();
    /// The record that starts at @p from. Nothing: its end is not in the buffer; call again with more bytes behind it
    /// and the same bytes from @p from on. @p eof: no more will come. An empty Found (begin == end) is no record.
    virtual std::optional<Found> next(std::string_view buffer, std::size_t from, bool eof) = 0;
    /// Bytes behind `from` that surely belong to the record that has no end yet.
    std::size_t looked() const { return m_looked; }
    /// The first @p bytes behind `from` (at most looked()) were taken away; go on inside the record.
    void drop(std::size_t bytes)
    {
        m_looked -= bytes;
        m_continued = true;
    }

protected:
    std::size_t m_looked = 0;
    bool m_continued = false; ///< The record began before `from`.
};

/// @p startPattern: for Multiline, an RE2 expression; InvalidConfig when it cannot be compiled.
Result<std::unique_ptr<Framer>> makeFramer(Framing framing, const std::string &startPattern);

/// What the beginning of a capture looks like.
struct Sniffed {
    Framing framing = Framing::Lines;
    bool text = false; ///< Lines of text: none of them is, or begins like, JSON.
    bool json = false; ///< It begins with a document.
};
/// @p whole: @p head is the whole capture.
Sniffed sniffCapture(std::string_view head, bool whole);

} // namespace eventops
