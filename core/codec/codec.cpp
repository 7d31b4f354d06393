// SPDX-License-Identifier: MIT
#include "core/codec/codec.h"

#include "core/codec/envelopes.h"
#include "core/codec/event_difference.h"
#include "core/codec/kcat.h"
#include "core/codec/losses.h"

#include <algorithm>
#include <vector>

namespace eventops {

CodecDecoder::~CodecDecoder() = default;
Codec::~Codec() = default;

Result<std::string> Codec::encode(const Batch &batch, const Event &event, LossReport &loss) const
{
    LossReport notes;
    std::string out = EVENTOPS_TRY(write(batch, event, notes));
    Batch back;
    const std::unique_ptr<CodecDecoder> decoder = makeDecoder();
    const bool read = readBack(*decoder, out, back);
    reportDifference(batch, event, back, read ? back.events.front() : Event{}, loss);
    for (LossReport::Item &item : loss.items) {
        const auto note = std::find_if(notes.items.begin(), notes.items.end(),
                                       [&](const LossReport::Item &one) { return one.field == item.field; });
        if (note != notes.items.end())
            item.what = note->what;
    }
    std::sort(loss.items.begin(), loss.items.end(),
              [](const LossReport::Item &a, const LossReport::Item &b) { return a.field < b.field; });
    return out;
}

std::span<const LossReason> codecLosses()
{
    return loss::All;
}

std::span<const Codec *const> builtinCodecs()
{
    static const std::vector<const Codec *> table = [] {
        std::vector<const Codec *> all = {
            &autoCodec(), &chronosProcessedCodec(), &chronosRawCodec(), &csvCodec(), &agentCodec(), &genericJsonCodec(),
            &karmaApiCodec(), &karmaCodec(), &logCodec(), &monitoringCodec(), &prometheusCodec(), &remoteWriteCodec(),
            &textCodec(),
        };
        for (const auto &codec : formatCodecs())
            all.push_back(codec.get());
        std::sort(all.begin(), all.end(), [](const Codec *a, const Codec *b) { return a->name() < b->name(); });
        return all;
    }();
    return table;
}

const Codec &eventsRawCodec()
{
    return karmaCodec();
}

const Codec *codecByName(std::string_view name)
{
    for (const Codec *codec : builtinCodecs()) {
        if (codec->name() == name)
            return codec;
    }
    return nullptr;
}

Result<std::shared_ptr<const Codec>> makeCodec(std::string_view name, const Value &settings)
{
    if (name == "auto")
        return makeAutoCodec(settings);
    if (name == "eventops.agent")
        return makeAgentCodec(settings);
    if (name == "chronos.raw")
        return makeChronosRawCodec(settings);
    if (name == "cloudevents")
        return makeCloudEventsCodec(settings);
    if (name == "karma.v1")
        return makeKarmaCodec(settings);
    if (name == "kcat")
        return makeKcatCodec(settings);
    if (name == "log")
        return makeLogCodec(settings);
    if (name == "mapped")
        return makeMappedCodec(settings);
    if (name == "monitoring.envelope.v1")
        return makeMonitoringAvroCodec(settings);
    if (name == "monitoring.v1")
        return makeMonitoringCodec(settings);
    if (name == "syslog")
        return makeSyslogCodec(settings);
    if (const Codec *codec = codecByName(name))
        return std::shared_ptr<const Codec>(codec, [](const Codec *) {}); // a constant of the program
    std::string known;
    for (const Codec *codec : builtinCodecs())
        known += std::string(codec->name()) + ", ";
    return Error{Error::Code::NotFound, "there is no format \"" + std::string(name) + '"', {},
                 "use one of " + known + "kcat, mapped, monitoring.envelope.v1"};
}

} // namespace eventops
