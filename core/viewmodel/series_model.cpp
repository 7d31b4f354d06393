// SPDX-License-Identifier: MIT
#include "core/viewmodel/series_model.h"

#include "core/base/time.h"
#include "core/viewmodel/shown_text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace eventops {
namespace {

double msOf(WallNs time)
{
    return static_cast<double>(raw(time) / NsPerMs);
}

/// A text of the filter language: inside quotes only \\ and \" mean something else.
std::string quoted(const QString &text)
{
    std::string out = "\"";
    for (const char c : text.toStdString()) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + '"';
}

/// A condition on a field; an entity without that part has the field absent.
std::string fieldIs(const char *field, const QString &text)
{
    return text.isEmpty() ? "not exists(" + std::string(field) + ")" : std::string(field) + " = " + quoted(text);
}

} // namespace

std::vector<SeriesPoint> downsampled(const std::vector<SeriesPoint> &points, std::size_t pixels)
{
    const std::size_t columns = std::clamp<std::size_t>(pixels, 1, SeriesPointsMax / 2);
    if (points.size() <= 2 * columns)
        return points;
    const double from = points.front().ms, span = std::max(1.0, points.back().ms - from);
    std::vector<SeriesPoint> out;
    out.reserve(2 * columns);
    for (std::size_t i = 0; i < points.size();) {
        const auto columnOf = [&](const SeriesPoint &p) {
            return std::min(columns - 1, static_cast<std::size_t>((p.ms - from) / span * static_cast<double>(columns)));
        };
        const std::size_t column = columnOf(points[i]);
        std::size_t least = i, greatest = i;
        for (; i < points.size() && columnOf(points[i]) == column; ++i) {
            least = points[i].value < points[least].value ? i : least;
            greatest = points[i].value > points[greatest].value ? i : greatest;
        }
        out.push_back(points[std::min(least, greatest)]);
        if (least != greatest)
            out.push_back(points[std::max(least, greatest)]);
    }
    return out;
}

std::string entityFilter(const EntityRef &entity, const TimeSpan &span)
{
    std::string filter = fieldIs("tenant", entity.tenant) + " and " + fieldIs("entity.type", entity.type) + " and "
        + fieldIs("entity.id", entity.id);
    if (!span.isEmpty()) {
        filter += " and ts >= " + formatTimestamp(WallNs{span.fromNs}) + " and ts < " + formatTimestamp(WallNs{span.toNs});
    }
    return filter;
}

/// Gathers points page by page. Used by one thread at a time: the back end's while a query runs.
class SeriesModel::Reader
{
public:
    Reader(TimeSpan span, std::size_t pixels) : m_span(span), m_pixels(pixels) {}

    void addEvents(const EventPage &page)
    {
        for (const std::uint32_t row : page.rows) {
            const Event &event = page.batch.events[row];
            ++m_samples;
            if (!event.hasValue || !std::isfinite(event.value) || event.tsEvent == NoTime)
                continue;
            std::string name(page.batch.text(event, Field::Metric));
            if (!m_metrics.contains(name) && m_metrics.size() >= MetricNamesMax) {
                ++m_leftOut;
                continue;
            }
            Metric &metric = m_metrics[std::move(name)];
            if (metric.unit.empty())
                metric.unit = page.batch.text(event, Field::Unit);
            metric.points.push_back({msOf(event.tsEvent), event.value});
        }
    }

    void addFindings(const std::vector<Finding> &findings)
    {
        for (const Finding &finding : findings) {
            if (finding.bits > 0.0 && std::isfinite(finding.bits) && finding.ts != NoTime)
                m_bits.push_back({msOf(finding.ts), finding.bits, finding.severity});
        }
    }

    std::shared_ptr<const EntitySeries> finish()
    {
        auto series = std::make_shared<EntitySeries>();
        const auto earlier = [](const auto &a, const auto &b) { return a.ms < b.ms; };
        for (auto &[name, metric] : m_metrics) {
            if (series->metrics.size() == SeriesMax) {
                ++series->metricsLeftOut;
                continue;
            }
            std::stable_sort(metric.points.begin(), metric.points.end(), earlier);
            series->metrics.push_back({name.empty() ? QStringLiteral("value") : shownText(name, ShownNameMax),
                                       shownText(metric.unit, ShownNameMax), downsampled(metric.points, m_pixels)});
        }
        series->metricsLeftOut += m_leftOut > 0 ? 1 : 0;
        std::stable_sort(m_bits.begin(), m_bits.end(), earlier);
        series->bits = std::move(m_bits);
        series->isCut = m_samples >= SamplesReadMax;
        setRange(*series);
        return series;
    }

private:
    struct Metric {
        std::string unit;
        std::vector<SeriesPoint> points;
    };

    void setRange(EntitySeries &series) const
    {
        if (!m_span.isEmpty()) {
            series.fromMs = msOf(WallNs{m_span.fromNs});
            series.toMs = msOf(WallNs{m_span.toNs});
            return;
        }
        bool first = true;
        const auto widen = [&](double ms) {
            series.fromMs = first ? ms : std::min(series.fromMs, ms);
            series.toMs = first ? ms : std::max(series.toMs, ms);
            first = false;
        };
        for (const MetricSeries &metric : series.metrics) {
            widen(metric.points.front().ms);
            widen(metric.points.back().ms);
        }
        for (const BitsPoint &point : series.bits)
            widen(point.ms);
    }

    TimeSpan m_span;
    std::size_t m_pixels;
    std::map<std::string, Metric> m_metrics;
    std::vector<BitsPoint> m_bits;
    std::size_t m_samples = 0, m_leftOut = 0;
};

SeriesModel::SeriesModel(ViewContext &context, QObject *parent)
    : QObject(parent), m_context(context), m_series(std::make_shared<const EntitySeries>())
{
    m_pause.setSingleShot(true);
    connect(&m_pause, &QTimer::timeout, this, &SeriesModel::reload);
    connect(&context, &ViewContext::entitySelected, this, &SeriesModel::choose);
    connect(&context, &ViewContext::timeSpanSelected, this, &SeriesModel::choose);
    connect(&context, &ViewContext::changed, this, [this](const Change &change) {
        if (std::exchange(m_revision, change.revision) != change.revision)
            request();
    });
    choose();
}

SeriesModel::~SeriesModel()
{
    m_ticket.cancel();
}

QString SeriesModel::title() const
{
    const EntityRef &entity = m_context.entity();
    const std::string type = entity.type.toStdString(), id = entity.id.toStdString();
    return shownText(type, ShownNameMax) + QLatin1Char(' ') + shownText(id, ShownNameMax);
}

void SeriesModel::setPixels(std::size_t pixels)
{
    if (std::exchange(m_pixels, pixels) < pixels)
        request();
}

/// Another entity or another time: what is shown and what is under way belong to the one before.
void SeriesModel::choose()
{
    m_ticket.cancel();
    m_guard.reset();
    m_loading = m_again = false;
    m_series = std::make_shared<const EntitySeries>();
    m_state = m_context.entity().isEmpty() ? State::NoEntity : State::Loading;
    Q_EMIT changed();
    if (m_state == State::Loading)
        request();
}

void SeriesModel::request()
{
    if (m_state == State::NoEntity)
        return;
    if (m_loading)
        m_again = true;
    else if (!m_pause.isActive())
        m_pause.start(m_sinceLoad.isValid()
                          ? static_cast<int>(std::max<qint64>(0, RefreshMs - m_sinceLoad.elapsed()))
                          : 0);
}

void SeriesModel::reload()
{
    m_pause.stop();
    if (m_context.entity().isEmpty() || m_loading)
        return;
    m_loading = true;
    m_again = false;
    m_sinceLoad.start();
    auto reader = std::make_shared<Reader>(m_context.timeSpan(), m_pixels);
    const std::string filter = entityFilter(m_context.entity(), m_context.timeSpan()) + " and exists(value)";
    m_ticket = m_context.backend().events(
        m_context.caller(), {.filter = filter, .rowsMax = SamplesReadMax, .oldestFirst = false},
        [reader](const EventPage &page) { reader->addEvents(page); },
        m_context.bridge().to(m_guard, [this, reader](const Result<Ok> &result) {
            if (result)
                loadBits(reader);
            else
                ended(result, nullptr);
        }));
}

void SeriesModel::loadBits(std::shared_ptr<Reader> reader)
{
    auto hop = m_context.bridge().to(
        m_guard, [this](const Result<Ok> &result, const std::shared_ptr<const EntitySeries> &series) {
            ended(result, series);
        });
    const std::string filter = entityFilter(m_context.entity(), m_context.timeSpan()) + " and bits > 0";
    m_ticket = m_context.backend().findings(
        m_context.caller(), {.filter = filter, .rowsMax = BitsReadMax, .oldestFirst = false},
        [reader](const std::vector<Finding> &findings) { reader->addFindings(findings); },
        [reader, hop](const Result<Ok> &result) { hop(result, result ? reader->finish() : nullptr); });
}

void SeriesModel::ended(const Result<Ok> &result, std::shared_ptr<const EntitySeries> series)
{
    m_loading = false;
    if (result) {
        m_series = std::move(series);
        m_state = m_series->metrics.empty() && m_series->bits.empty() ? State::Empty : State::Ready;
    } else if (result.error().code == Error::Code::NotFound) {
        m_state = State::Empty;
    } else {
        m_error = shownText(result.error().text());
        m_state = State::Failed;
    }
    Q_EMIT changed();
    if (std::exchange(m_again, false))
        request();
}

} // namespace eventops
