// SPDX-License-Identifier: MIT
#include "qml/theme/icon_provider.h"

#include <QFile>
#include <QPainter>
#include <QSvgRenderer>

#include <algorithm>

namespace eventops {
namespace {

constexpr int SideMax = 512; ///< Device pixels.

} // namespace

QImage IconProvider::requestImage(const QString &id, QSize *size, const QSize &requestedSize)
{
    const QString name = id.section(QLatin1Char('/'), 0, 0);
    const QString color = id.section(QLatin1Char('/'), 1, 1);
    QFile file(QStringLiteral(":/eventops/icons/%1.svg").arg(name));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QByteArray svg = file.readAll();
    svg.replace("currentColor", '#' + color.toLatin1());
    QSvgRenderer renderer(svg);
    const QSize natural = renderer.defaultSize();
    const int width = std::clamp(requestedSize.width() > 0 ? requestedSize.width() : natural.width(), 1, SideMax);
    const int height = std::clamp(requestedSize.height() > 0 ? requestedSize.height() : natural.height(), 1, SideMax);
    QImage image(width, height, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    renderer.render(&painter);
    if (size != nullptr)
        *size = image.size();
    return image;
}

} // namespace eventops
