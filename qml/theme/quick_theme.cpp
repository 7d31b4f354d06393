// SPDX-License-Identifier: MIT
#include "qml/theme/quick_theme.h"

#include <QFile>
#include <QJSEngine>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <array>

namespace eventops {
namespace {

struct Band {
    int from; ///< Lowest OpenTelemetry severity number.
    const char *name, *token, *icon;
};
constexpr std::array Bands{Band{21, "critical", "severityCritical", "octagon-alert"},
                           Band{17, "error", "severityError", "circle-alert"},
                           Band{13, "warning", "severityWarning", "triangle-alert"},
                           Band{10, "notice", "severityNotice", "bell"},
                           Band{1, "info", "severityInfo", "info"},
                           Band{0, "no severity", "severityUnset", "circle-help"}};

const Band &bandOf(int severityNumber)
{
    const auto found =
        std::find_if(Bands.begin(), Bands.end(), [&](const Band &band) { return severityNumber >= band.from; });
    return found == Bands.end() ? Bands.back() : *found;
}

void insertAll(QQmlPropertyMap &map, const QJsonObject &values)
{
    for (auto it = values.begin(); it != values.end(); ++it)
        map.insert(it.key(), it.value().toVariant());
}

} // namespace

QuickTheme &QuickTheme::instance()
{
    static QuickTheme theme;
    return theme;
}

QuickTheme *QuickTheme::create(QQmlEngine *, QJSEngine *)
{
    QJSEngine::setObjectOwnership(&instance(), QJSEngine::CppOwnership);
    return &instance();
}

QuickTheme::QuickTheme()
{
    const bool loaded = load(QStringLiteral("dark"));
    Q_ASSERT(loaded); // compiled in
    Q_UNUSED(loaded)
}

bool QuickTheme::load(const QString &name)
{
    QFile file(QStringLiteral(":/eventops/themes/%1.json").arg(name));
    if (!file.open(QIODevice::ReadOnly))
        return false;
    const QJsonObject tokens = QJsonDocument::fromJson(file.readAll()).object();
    const QJsonObject given = tokens.value(QLatin1String("colors")).toObject();
    QVariantHash colors;
    for (auto it = given.begin(); it != given.end(); ++it) {
        const QColor color(it.value().toString());
        if (!color.isValid())
            return false;
        colors.insert(it.key(), color);
    }
    if (colors.isEmpty() || (!m_color.isEmpty() && colors.size() != m_color.size()))
        return false;
    m_color.insert(colors);
    insertAll(m_metric, tokens.value(QLatin1String("metrics")).toObject());
    insertAll(m_font, tokens.value(QLatin1String("fonts")).toObject());
    m_name = name;
    Q_EMIT changed();
    return true;
}

QString QuickTheme::severityToken(int severityNumber) const
{
    return QLatin1String(bandOf(severityNumber).token);
}

QString QuickTheme::severityIcon(int severityNumber) const
{
    return QLatin1String(bandOf(severityNumber).icon);
}

QString QuickTheme::severityName(int severityNumber) const
{
    return QLatin1String(bandOf(severityNumber).name);
}

} // namespace eventops
