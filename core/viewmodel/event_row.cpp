// SPDX-License-Identifier: MIT
#include "core/viewmodel/event_row.h"

#include "core/base/json.h"
#include "core/viewmodel/time_axis.h"
#include "core/viewmodel/visible_text.h"

#include <QHash>

namespace eventops {
namespace {

/// The texts of one page as they are shown.
class PageTexts
{
public:
    explicit PageTexts(const Batch &batch) : m_batch(batch) {}
    QString operator()(StrId id)
    {
        if (id == NoStr)
            return {};
        const auto number = static_cast<std::uint32_t>(id);
        const auto known = m_shown.constFind(number);
        return known != m_shown.constEnd() ? *known : *m_shown.insert(number, visibleText(m_batch.text(id)));
    }
    QString exact(StrId id) const
    {
        const std::string_view text = m_batch.text(id);
        return text.size() > EntityNameMax ? QString()
                                           : QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
    }

private:
    const Batch &m_batch;
    QHash<std::uint32_t, QString> m_shown;
};

QString valueText(const Batch &batch, const Event &event, PageTexts &texts)
{
    if (!event.hasValue)
        return {};
    QString number = texts(event[Field::ValueText]);
    if (number.isEmpty()) {
        std::string text;
        appendJsonNumber(text, event.value);
        number = QString::fromStdString(text);
    }
    const std::string_view unit = batch.text(event, Field::Unit);
    return unit.empty()
               ? number
               : number + QLatin1Char(' ') + (unit == "percent" ? QStringLiteral("%") : texts(event[Field::Unit]));
}

} // namespace

std::vector<EventRow> eventRows(const EventPage &page)
{
    constexpr std::int64_t ResolutionNs = NsPerMs;
    PageTexts texts(page.batch);
    std::vector<EventRow> rows;
    rows.reserve(page.rows.size());
    for (std::size_t i = 0; i < page.rows.size(); ++i) {
        const Event &event = page.batch.events[page.rows[i]];
        EventRow row;
        row.kind = EventRow::Kind::Present;
        row.place = i < page.places.size() ? page.places[i] : 0;
        row.severityNumber = static_cast<int>(event.severity);
        const std::string_view severity = severityName(static_cast<std::uint8_t>(event.severity));
        row.severity = QString::fromLatin1(severity.data(), static_cast<qsizetype>(severity.size()));
        row.eventId = texts.exact(event[Field::EventId]);
        row.tenant = texts(event[Field::Tenant]);
        row.entity = {texts.exact(event[Field::Tenant]), texts.exact(event[Field::EntityType]),
                      texts.exact(event[Field::EntityId])};
        row.time = event.tsEvent == NoTime ? QString() : timeText(raw(event.tsEvent), ResolutionNs);
        row.type = texts(event[Field::Type]);
        const QString entityType = texts(event[Field::EntityType]);
        row.entityText = entityType.isEmpty() ? texts(event[Field::EntityId])
                                              : entityType + QLatin1Char(' ') + texts(event[Field::EntityId]);
        row.step = texts(event[Field::Step]);
        row.metric = texts(event[Field::Metric]);
        row.value = valueText(page.batch, event, texts);
        row.message = texts(event[Field::Message]);
        rows.push_back(std::move(row));
    }
    return rows;
}

} // namespace eventops
