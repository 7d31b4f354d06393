// SPDX-License-Identifier: MIT
#include "widgets/theme/icon.h"

#include "widgets/theme/theme.h"

#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

namespace eventops {
namespace {

class ThemeIconEngine final : public QIconEngine
{
public:
    ThemeIconEngine(QString name, QString token) : m_name(std::move(name)), m_token(std::move(token)) {}

    void paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State) override
    {
        const qreal ratio = painter->device() != nullptr ? painter->device()->devicePixelRatioF() : 1.0;
        painter->drawPixmap(rect, render(rect.size() * ratio, mode));
    }
    QPixmap pixmap(const QSize &size, QIcon::Mode mode, QIcon::State) override { return render(size, mode); }
    QPixmap scaledPixmap(const QSize &size, QIcon::Mode mode, QIcon::State, qreal) override
    {
        return render(size, mode); // the size is in device pixels
    }
    QIconEngine *clone() const override { return new ThemeIconEngine(*this); }
    QString key() const override { return QStringLiteral("eventops.theme"); }

private:
    QPixmap render(const QSize &size, QIcon::Mode mode) const
    {
        const QColor color = Theme::instance().color(mode == QIcon::Disabled ? QStringLiteral("textMuted") : m_token);
        const QString key =
            QStringLiteral("eventops/%1/%2/%3x%4").arg(m_name, color.name()).arg(size.width()).arg(size.height());
        QPixmap pixmap;
        if (QPixmapCache::find(key, &pixmap))
            return pixmap;
        pixmap = QPixmap(size);
        pixmap.fill(Qt::transparent);
        QFile file(QStringLiteral(":/eventops/icons/%1.svg").arg(m_name));
        if (file.open(QIODevice::ReadOnly)) {
            QSvgRenderer svg(file.readAll().replace("currentColor", color.name().toLatin1()));
            svg.setAspectRatioMode(Qt::KeepAspectRatio);
            QPainter painter(&pixmap);
            svg.render(&painter, QRectF(QPointF(0, 0), QSizeF(size)));
        }
        QPixmapCache::insert(key, pixmap);
        return pixmap;
    }

    QString m_name, m_token;
};

} // namespace

QIcon themeIcon(const QString &name, const QString &token)
{
    return QIcon(new ThemeIconEngine(name, token));
}

} // namespace eventops
