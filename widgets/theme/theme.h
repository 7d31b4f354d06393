// SPDX-License-Identifier: MIT
#pragma once

#include <QColor>
#include <QFont>
#include <QHash>
#include <QObject>
#include <QPalette>
#include <QString>

namespace eventops {

/// The look of all widgets: the tokens of resources/themes/<name>.json by name. The QML side reads the same files. No
/// colour, font or pixel literal stands anywhere else (tests/architecture). Thread: UI. Lookups are O(1).
class Theme final : public QObject
{
    Q_OBJECT

public:
    /// The one theme of the process; dark until `load` says otherwise.
    static Theme &instance();

    /// @p name: "dark" or "light". Replaces the tokens, the application's palette and font; then `changed`. False: the
    /// tokens are not there or not whole, and everything stays as it was.
    bool load(const QString &name);
    const QString &name() const { return m_name; }

    QColor color(const QString &token) const;        ///< Asserts that the token exists.
    QColor severityColor(int severityNumber) const;  ///< By the bands of OpenTelemetry severity numbers 0..24.
    QColor seriesColor(int index) const;             ///< Cycles through the series colours.
    int metric(const QString &token) const;          ///< Device-independent pixels.
    enum class FontRole { Small, Body, Title, Display, Mono };
    QFont font(FontRole role) const;
    QPalette palette() const;

Q_SIGNALS:
    void changed();

private:
    Theme();
    QString m_name;
    QHash<QString, QColor> m_colors;
    QHash<QString, int> m_metrics;
    QHash<QString, int> m_fontSizes; ///< Pixels.
    QString m_family, m_mono;
};

/// The token names as constants of the views: `themeColor("textMuted")`.
inline QColor themeColor(const char *token) { return Theme::instance().color(QLatin1String(token)); }
inline int themeMetric(const char *token) { return Theme::instance().metric(QLatin1String(token)); }

} // namespace eventops
