// SPDX-License-Identifier: MIT
#include "core/session/kafka_documents.h"

#include "core/base/json.h"
#include "core/codec/action_events.h"
#include "core/codec/action_state.h"
#include "core/codec/alert.h"
#include "core/codec/deviation.h"
#include "core/codec/finding_document.h"
#include "core/codec/json_reader.h"
#include "core/codec/kcat.h"
#include "core/codec/signal.h"
#include "core/kafka/topics.h"
#include "core/pipeline/stage_engine.h"

#include <algorithm>

namespace eventops {
namespace {

/// One alert stays for each source and rule when the topic is compacted (X22).
std::string alertKey(const Finding &finding, bool legacy)
{
    if (legacy)
        return finding.tenant;
    return finding.tenant + '|' + (finding.sourceId.empty() ? finding.entityId : finding.sourceId) + '|' + finding.name;
}

/// The topic that the event was read from; empty: none.
std::string originOf(const Batch &batch, const Event &event)
{
    const auto topic = jsonMember(batch.text(event, Field::Headers), "kafka.topic");
    std::string scratch;
    return topic && jsonKind(*topic) == JsonKind::String ? std::string(jsonText(*topic, scratch)) : std::string();
}

bool isTopic(const std::string &name, std::string_view topic)
{
    const std::vector<std::string> names = topicNames(topic);
    return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

Result<KafkaDocuments> KafkaDocuments::make(const KafkaFeedSettings &settings,
                                            const std::map<std::string, std::uint32_t> &topics,
                                            const std::string &brokers, KafkaPayloads payloads)
{
    KafkaDocuments documents(settings, std::move(payloads));
    for (const std::string &what : settings.published()) {
        const bool inNormalized = what == DeviationsPublished || what == FindingsPublished;
        const std::string topic = inNormalized ? std::string(NormalizedTopic) : what;
        const std::vector<std::string> names = topicNames(topic);
        const auto name =
            std::find_if(names.begin(), names.end(), [&](const std::string &one) { return topics.contains(one); });
        if (name == names.end())
            return Error{Error::Code::NotFound,
                         "the Kafka at " + brokers + " has no topic " + topic,
                         {},
                         "make the topics with: eventops kafka init; one that is there is not shown without the right "
                         "to it"};
        documents.m_names.emplace(topic, *name);
        documents.m_wanted.insert(what);
    }
    return documents;
}

bool KafkaDocuments::wantsEvents() const
{
    return wants(NormalizedTopic) || wants(MetricTopic) || wants(LogTopic) || wants(TraceTopic) || wants(EnrichedTopic);
}

bool KafkaDocuments::wantsLetters() const
{
    return wants(NormalizedDlqTopic) || wants(ActionsDlqTopic) || wants(LetterNumbersTopic);
}

bool KafkaDocuments::wantsSteps() const
{
    return wants(ActionStateTopic);
}

void KafkaDocuments::put(std::string_view topic, std::optional<std::string> key, std::string document, std::string id)
{
    m_out.push_back({m_names.find(topic)->second, std::move(key), std::move(document), std::move(id)});
}

void KafkaDocuments::add(const Finding &finding)
{
    const std::string id = "finding:" + finding.id;
    const auto send = [&](std::string_view topic, std::string key, Result<std::string> document) {
        if (document) {
            put(topic, std::move(key), std::move(document).value(), id);
            m_out.back().headers = {{std::string(FindingHeader), encodeFindingHeader(finding)}};
        } else
            m_notice = "finding " + finding.id + " is not published: " + document.error().message;
    };
    std::string alert = finding.alert;
    if (alert.empty() && m_settings.mirror() && finding.state != FindingState::Pending)
        alert = encodeAlert(finding);
    const bool isAlert = !alert.empty();
    if (isAlert && wants(AlertTopic))
        send(AlertTopic, alertKey(finding, m_settings.legacyKey()), m_payloads.alert(finding, std::move(alert)));
    const bool deviates = isDeviation(finding) || (m_settings.mirror() && !finding.alert.empty());
    if (deviates ? !wants(DeviationsPublished) : isAlert || !wants(FindingsPublished))
        return;
    auto deviation = encodeDeviation(finding, deviates ? DeviationForm{m_settings.legacyTopLevel()}
                                                       : DeviationForm{false, FindingStateType});
    if (deviation)
        deviation = m_payloads.event(NormalizedTopic, std::move(deviation).value());
    send(NormalizedTopic, finding.tenant + '|' + finding.entityId, std::move(deviation));
}

/// Order is kept for each entity; upstream's own key is the tenant.
std::string KafkaDocuments::keyOf(const Batch &batch, const Event &event) const
{
    std::string key(batch.text(event, Field::Tenant));
    if (!m_settings.legacyKey())
        key.append("|").append(batch.text(event, Field::EntityId));
    return key;
}

/// Nothing goes back to the topic that it was read from (X20).
void KafkaDocuments::add(const Batch &batch, const Event &event)
{
    const std::string origin = originOf(batch, event);
    const std::string id = std::string(IdOfEvent).append(batch.text(event, Field::EventId));
    const auto send = [&](std::string_view topic, Result<std::string> document) {
        if (document)
            put(topic, keyOf(batch, event), std::move(document).value(), id);
        else
            m_notice = id + " is not published: " + document.error().message;
    };
    if (wants(NormalizedTopic) && !isTopic(origin, NormalizedTopic)) {
        auto document = encodeNormalized(batch, event);
        if (document)
            document = m_payloads.event(NormalizedTopic, std::move(document).value());
        send(NormalizedTopic, std::move(document));
    }
    const auto signal = signalTopic(batch, event);
    if (!signal)
        return;
    for (const std::string_view topic : {*signal, EnrichedTopic}) {
        if (wants(topic) && !isTopic(origin, topic))
            send(topic, encodeSignal(batch, event, topic));
    }
}

void KafkaDocuments::addActionDocument(const InputRow &row)
{
    const std::string id = "action:" + std::to_string(row.number);
    if (const auto request = decodeActionRequested(row.payload)) {
        if (wants(ActionsRequestedTopic))
            put(ActionsRequestedTopic, request.value().entityId, row.payload, id);
        if (wants(CommandTopic))
            put(CommandTopic, request.value().entityId, encodeCommand(request.value()), id);
    } else if (const auto report = decodeActionReport(row.payload)) {
        const std::string_view topic = actionTopic(report.value().kind);
        if (wants(topic) && report.value().component != OutsideComponent)
            put(topic, report.value().entityId, row.payload, id);
    }
}

void KafkaDocuments::add(const AuditRow &row, const Action &action)
{
    const auto state = actionStateByName(row.verb);
    if (!state || action.suggestion.command.empty())
        return; // of no action
    ActionStep step{action, row.at, row.actor, row.detail};
    step.action.state = *state;
    put(ActionStateTopic, row.subject, encodeActionStep(step), "audit:" + std::to_string(row.number));
}

void KafkaDocuments::addFailedRequest(const OutboxRow &row)
{
    if (!wants(ActionsDlqTopic))
        return;
    put(ActionsDlqTopic, row.key, row.document, "outbox:" + std::to_string(row.id));
    m_out.back().headers = {{std::string(ReasonHeader), "no attempt succeeded"},
                            {std::string(OriginHeader), "action " + row.actionId}};
}

/// The record as it came, a Kafka message under its own key; and its number with the error.
void KafkaDocuments::add(const DeadLetterRow &letter)
{
    if (letter.sourceKey == InputLogKey)
        return; // sent on when it was read
    const std::string why = letter.reason + (letter.detail.empty() ? "" : ": " + letter.detail);
    const std::string id = "letter:" + std::to_string(letter.id);
    if (wants(LetterNumbersTopic)) {
        std::string document;
        JsonWriter json(document);
        json.beginObject().key("data").beginObject().key("RawEventID").unsignedInteger(letter.seq);
        json.field("Error", why).endObject().endObject();
        put(LetterNumbersTopic, std::nullopt, std::move(document), id);
    }
    JsonReader reader;
    KcatMessage message;
    const bool fromKafka = letter.sourceKey.starts_with("kafka:") && !reader.read(letter.bytes)
                           && reader.kind() == JsonKind::Object && !message.read(reader);
    const bool ofAction = isTopic(message.topic, ActionsRequestedTopic) || isTopic(message.topic, ActionsProgressTopic)
                          || isTopic(message.topic, ActionsResultTopic);
    const std::string_view topic = ofAction ? std::string_view(ActionsDlqTopic) : NormalizedDlqTopic;
    if (!wants(topic))
        return;
    std::optional<std::string> key;
    std::string scratch;
    if (const JsonEntry *const given = fromKafka ? reader.find("key") : nullptr;
        given != nullptr && jsonKind(given->value) == JsonKind::String)
        key = std::string(jsonText(given->value, scratch));
    put(topic, std::move(key), fromKafka ? std::move(message.payload) : letter.bytes, id);
    const std::string place = letter.sourceTitle + (fromKafka ? "/" : " at ") + std::to_string(letter.position);
    m_out.back().headers = {{std::string(ReasonHeader), why}, {std::string(OriginHeader), place}};
    if (letter.size > letter.bytes.size())
        m_out.back().headers.emplace_back("eventops-cut-from-bytes", std::to_string(letter.size));
}

} // namespace eventops
