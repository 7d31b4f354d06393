// SPDX-License-Identifier: MIT
#include "core/codec/envelopes.h"
#include "core/codec/text_format.h"

// log: what programs write into files. A record is read by the format of text that it is of, and else as text.
namespace eventops {
namespace {

constexpr std::string_view Name = "log";

class Decoder final : public CodecDecoder
{
public:
    explicit Decoder(const SyslogSettings &settings) : m_known(settings), m_text(textCodec().makeDecoder()) {}

    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        if (m_known.match(batch.raw(batch.records[record])) == nullptr || m_known.decode(batch, record))
            return m_text->decode(batch, record);
        return {};
    }

private:
    KnownText m_known;
    std::unique_ptr<CodecDecoder> m_text;
};

class Log final : public Codec
{
public:
    explicit Log(SyslogSettings settings) : m_settings(settings) {}
    std::string_view name() const override { return Name; }
    std::string_view summary() const override
    {
        return "Lines of logs, each by the format of text that it is of, else as text.";
    }
    std::unique_ptr<CodecDecoder> makeDecoder() const override { return std::make_unique<Decoder>(m_settings); }
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &loss) const override
    {
        return textCodec().write(batch, event, loss);
    }

private:
    const SyslogSettings m_settings;
};

} // namespace

const Codec &logCodec()
{
    static const Log codec{SyslogSettings{}};
    return codec;
}

Result<std::shared_ptr<const Codec>> makeLogCodec(const Value &settings)
{
    return std::shared_ptr<const Codec>(std::make_shared<Log>(EVENTOPS_TRY(SyslogSettings::parse(settings))));
}

} // namespace eventops
