// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/view_context.h"

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QTimer>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace eventops {

/// A value at a time; milliseconds since 1970, UTC.
struct SeriesPoint {
    double ms = 0.0, value = 0.0;
};

/// One metric of an entity, oldest first.
struct MetricSeries {
    QString name, unit;
    std::vector<SeriesPoint> points;
};

/// A finding that says how surprising it is.
struct BitsPoint {
    double ms = 0.0, bits = 0.0;
    Severity severity = Severity::Unset;
};

/// What a chart shows of an entity. Immutable once made.
struct EntitySeries {
    std::vector<MetricSeries> metrics; ///< By name.
    std::vector<BitsPoint> bits;       ///< Oldest first.
    std::size_t metricsLeftOut = 0;    ///< More than SeriesMax.
    bool isCut = false;                ///< Only the newest SamplesReadMax samples were looked at.
    double fromMs = 0.0, toMs = 0.0;   ///< Of all points, or the selected span.
};

constexpr std::size_t SeriesMax = 6;
constexpr std::size_t SeriesPointsMax = 2'000;      ///< Of a series.
constexpr std::size_t SamplesReadMax = 200'000;
constexpr std::size_t BitsReadMax = 2'000;
constexpr std::size_t MetricNamesMax = 256;         ///< Told apart while reading.

/// At most two points for each of @p pixels columns, the least and the greatest value in it, in order of time; a series
/// that is short enough stays as it is. @p points sorted by time. O(points).
std::vector<SeriesPoint> downsampled(const std::vector<SeriesPoint> &points, std::size_t pixels);

/// A condition of the filter language that matches exactly that entity, and that span of time unless it is empty.
std::string entityFilter(const EntityRef &entity, const TimeSpan &span);

/// The metrics of the selected entity over time and the bits of its findings, in the selected span of time; read anew
/// when either is chosen or something changed, at most four times a second. Thread: UI; points are thinned out on the
/// back end's thread.
class SeriesModel final : public QObject
{
    Q_OBJECT

public:
    enum class State {
        NoEntity, ///< Nothing is selected.
        Loading,  ///< Nothing of this entity is here yet.
        Empty,    ///< It has neither numbers nor findings with bits in that time.
        Failed,   ///< errorText says why.
        Ready,
    };
    Q_ENUM(State)

    explicit SeriesModel(ViewContext &context, QObject *parent = nullptr);
    ~SeriesModel() override;

    State state() const { return m_state; }
    const QString &errorText() const { return m_error; }
    QString title() const;                           ///< Of the entity; fit to be shown.
    const EntitySeries &series() const { return *m_series; } ///< Never null.
    void setPixels(std::size_t pixels);              ///< Columns of the chart; takes effect with the next reading.

    static constexpr int RefreshMs = 250;

public Q_SLOTS:
    void reload();

Q_SIGNALS:
    void changed(); ///< State or series.

private:
    class Reader;
    void choose();
    void request();
    void loadBits(std::shared_ptr<Reader> reader);
    void ended(const Result<Ok> &result, std::shared_ptr<const EntitySeries> series);

    ViewContext &m_context;
    ReceiverGuard m_guard;
    State m_state = State::NoEntity;
    QString m_error;
    std::shared_ptr<const EntitySeries> m_series;
    std::size_t m_pixels = SeriesPointsMax / 2;
    Ticket m_ticket;
    bool m_loading = false, m_again = false;
    std::uint64_t m_revision = 0;
    QElapsedTimer m_sinceLoad;
    QTimer m_pause;
};

} // namespace eventops
