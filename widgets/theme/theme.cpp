// SPDX-License-Identifier: MIT
#include "widgets/theme/theme.h"

#include <QFile>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QJsonDocument>
#include <QJsonObject>

#include <array>

namespace eventops {

Theme &Theme::instance()
{
    static Theme theme;
    return theme;
}

Theme::Theme()
{
    const bool loaded = load(QStringLiteral("dark"));
    Q_ASSERT(loaded); // compiled in
    Q_UNUSED(loaded)
}

bool Theme::load(const QString &name)
{
    QFile file(QStringLiteral(":/eventops/themes/%1.json").arg(name));
    if (!file.open(QIODevice::ReadOnly))
        return false;
    const QJsonObject tokens = QJsonDocument::fromJson(file.readAll()).object();
    QHash<QString, QColor> colors;
    const QJsonObject given = tokens.value(QLatin1String("colors")).toObject();
    for (auto it = given.begin(); it != given.end(); ++it) {
        const QColor color(it.value().toString());
        if (!color.isValid())
            return false;
        colors.insert(it.key(), color);
    }
    if (colors.isEmpty() || (!m_colors.isEmpty() && colors.size() != m_colors.size()))
        return false;
    m_colors = std::move(colors);
    const QJsonObject metrics = tokens.value(QLatin1String("metrics")).toObject();
    for (auto it = metrics.begin(); it != metrics.end(); ++it)
        m_metrics.insert(it.key(), it.value().toInt());
    const QJsonObject fonts = tokens.value(QLatin1String("fonts")).toObject();
    m_family = fonts.value(QLatin1String("family")).toString();
    m_mono = fonts.value(QLatin1String("mono")).toString();
    for (const char *size : {"small", "body", "title", "display"})
        m_fontSizes.insert(QLatin1String(size), fonts.value(QLatin1String(size)).toInt());
    m_name = name;
    if (qGuiApp != nullptr) {
        QGuiApplication::setPalette(palette());
        QGuiApplication::setFont(font(FontRole::Body));
    }
    Q_EMIT changed();
    return true;
}

QColor Theme::color(const QString &token) const
{
    const auto found = m_colors.constFind(token);
    Q_ASSERT_X(found != m_colors.constEnd(), "Theme::color", qPrintable(token));
    return found == m_colors.constEnd() ? QColor() : *found;
}

QColor Theme::severityColor(int severityNumber) const
{
    if (severityNumber >= 21)
        return color(QStringLiteral("severityCritical"));
    if (severityNumber >= 17)
        return color(QStringLiteral("severityError"));
    if (severityNumber >= 13)
        return color(QStringLiteral("severityWarning"));
    if (severityNumber >= 10)
        return color(QStringLiteral("severityNotice"));
    return color(severityNumber >= 1 ? QStringLiteral("severityInfo") : QStringLiteral("severityUnset"));
}

QColor Theme::seriesColor(int index) const
{
    constexpr int SeriesColors = 6;
    return color(QStringLiteral("series%1").arg(index % SeriesColors + 1));
}

int Theme::metric(const QString &token) const
{
    const auto found = m_metrics.constFind(token);
    Q_ASSERT_X(found != m_metrics.constEnd(), "Theme::metric", qPrintable(token));
    return found == m_metrics.constEnd() ? 0 : *found;
}

QFont Theme::font(FontRole role) const
{
    constexpr std::array Sizes{"small", "body", "title", "display", "small"};
    QFont font(role == FontRole::Mono ? m_mono : m_family);
    if (role == FontRole::Mono)
        font.setStyleHint(QFont::Monospace);
    font.setPixelSize(m_fontSizes.value(QLatin1String(Sizes.at(static_cast<std::size_t>(role)))));
    if (role == FontRole::Title || role == FontRole::Display)
        font.setWeight(QFont::DemiBold);
    return font;
}

QPalette Theme::palette() const
{
    const auto token = [this](const char *name) { return color(QLatin1String(name)); };
    QPalette palette;
    palette.setColor(QPalette::Window, token("window"));
    palette.setColor(QPalette::WindowText, token("text"));
    palette.setColor(QPalette::Base, token("surface"));
    palette.setColor(QPalette::AlternateBase, token("surfaceRaised"));
    palette.setColor(QPalette::Text, token("text"));
    palette.setColor(QPalette::PlaceholderText, token("textMuted"));
    palette.setColor(QPalette::Button, token("surfaceRaised"));
    palette.setColor(QPalette::ButtonText, token("text"));
    palette.setColor(QPalette::BrightText, token("severityCritical"));
    palette.setColor(QPalette::ToolTipBase, token("surfaceRaised"));
    palette.setColor(QPalette::ToolTipText, token("text"));
    palette.setColor(QPalette::Highlight, token("selection"));
    palette.setColor(QPalette::HighlightedText, token("selectionText"));
    palette.setColor(QPalette::Link, token("accent"));
    palette.setColor(QPalette::Light, token("borderStrong"));
    palette.setColor(QPalette::Midlight, token("border"));
    palette.setColor(QPalette::Mid, token("border"));
    palette.setColor(QPalette::Dark, token("surfaceSunken"));
    palette.setColor(QPalette::Shadow, token("surfaceSunken"));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, token("textMuted"));
    return palette;
}

} // namespace eventops
