// SPDX-License-Identifier: MIT
#pragma once

#include <QQuickImageProvider>

namespace eventops {

/// The shipped icons in any colour: `image://icons/<name>/<colour without #>`. Thread: the QML engine's, any.
class IconProvider final : public QQuickImageProvider
{
public:
    IconProvider() : QQuickImageProvider(QQuickImageProvider::Image) {}
    QImage requestImage(const QString &id, QSize *size, const QSize &requestedSize) override;
};

} // namespace eventops
