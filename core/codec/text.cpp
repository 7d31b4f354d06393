// SPDX-License-Identifier: MIT
#include "core/codec/envelopes.h"

#include "core/base/time.h"

namespace eventops {
namespace {

constexpr std::string_view Name = "text";
constexpr std::size_t WordBytesMax = 16; ///< A severity stands among the first words of a line.
constexpr std::size_t WordsMax = 6;

/// The first time in RFC 3339 at the start of a line, in brackets or not.
std::optional<WallNs> leadingTime(std::string_view line, std::string_view &text)
{
    if (!line.empty() && line.front() == '[')
        line.remove_prefix(1);
    for (const char stop : {']', ' ', '\t'}) {
        // The longest candidate first: "2025-10-21 10:00:00,123" holds a blank itself.
        std::size_t end = line.find(stop, 19);
        if (end == std::string_view::npos)
            end = line.size();
        if (end <= 40) {
            if (const auto time = parseTimestamp(line.substr(0, end))) {
                text = line.substr(0, end);
                return time;
            }
        }
    }
    return std::nullopt;
}

/// The severity that one of the first words names in capitals.
Severity leadingSeverity(std::string_view line, std::string_view &text)
{
    std::size_t at = 0;
    for (std::size_t words = 0; words < WordsMax && at < line.size(); ++words) {
        const auto isLetter = [&](std::size_t i) { return line[i] >= 'A' && line[i] <= 'Z'; };
        while (at < line.size() && !isLetter(at))
            ++at;
        const std::size_t begin = at;
        while (at < line.size() && isLetter(at))
            ++at;
        const bool whole = at == line.size() || !(line[at] >= 'a' && line[at] <= 'z');
        if (whole && at - begin >= 3 && at - begin <= WordBytesMax) {
            const Severity severity = severityFromText(line.substr(begin, at - begin));
            if (severity != Severity::Unset) {
                text = line.substr(begin, at - begin);
                return severity;
            }
        }
    }
    return Severity::Unset;
}

class Decoder final : public CodecDecoder
{
public:
    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        const std::string_view raw = batch.raw(batch.records[record]);
        if (!isValidUtf8(raw))
            return lose(loss::InvalidUtf8, "not UTF-8 at byte " + std::to_string(validUtf8Prefix(raw)));
        if (raw.empty())
            return lose(loss::EmptyRecord, "no text");
        Event &event = appendEvent(batch, record, Name);
        event[Field::Tenant] = batch.strings.intern("default");
        event[Field::Message] = batch.strings.append(raw);
        std::string_view text;
        if (const auto time = leadingTime(raw, text)) {
            event.tsEvent = *time;
            event[Field::TsText] = batch.strings.append(text);
        }
        event.severity = leadingSeverity(raw.substr(0, raw.find('\n')), text);
        if (event.severity != Severity::Unset)
            event[Field::SeverityText] = batch.strings.intern(text);
        return {};
    }
};

class TextCodec final : public Codec
{
public:
    std::string_view name() const override { return Name; }
    std::string_view summary() const override
    {
        return "Lines of text: the line is the message; a leading time and a severity word are taken.";
    }
    std::unique_ptr<CodecDecoder> makeDecoder() const override { return std::make_unique<Decoder>(); }
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &loss) const override
    {
        for (std::size_t i = 0; i < FieldCount; ++i) {
            const auto field = static_cast<Field>(i);
            if (event[field] != NoStr && field != Field::Message && field != Field::Codec)
                loss.items.push_back({std::string(toString(field)), "dropped"});
        }
        return std::string(batch.text(event, Field::Message));
    }
};

} // namespace

const Codec &textCodec()
{
    static const TextCodec codec;
    return codec;
}

} // namespace eventops
