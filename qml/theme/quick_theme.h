// SPDX-License-Identifier: MIT
#pragma once

#include <QColor>
#include <QObject>
#include <QQmlPropertyMap>
#include <QtQml/qqmlregistration.h>

class QJSEngine;
class QQmlEngine;

namespace eventops {

/// The look of all QML: the same tokens that the widgets read, resources/themes/<name>.json. In QML:
/// `Theme.color.text`, `Theme.metric.space2`, `Theme.font.body`, `Theme.severityColor(number)`. Follows `load` live.
/// Thread: UI.
class QuickTheme final : public QObject
{
    Q_OBJECT
    QML_NAMED_ELEMENT(Theme)
    QML_SINGLETON
    Q_PROPERTY(QString name READ name NOTIFY changed)
    Q_PROPERTY(QQmlPropertyMap *color READ color CONSTANT)
    Q_PROPERTY(QQmlPropertyMap *metric READ metric CONSTANT)
    Q_PROPERTY(QQmlPropertyMap *font READ font CONSTANT) ///< family, mono; small, body, title, display in pixels.

public:
    /// The one of the process; dark until `load` says otherwise.
    static QuickTheme &instance();
    static QuickTheme *create(QQmlEngine *engine, QJSEngine *script); ///< For the QML engine.

    /// @p name: "dark" or "light". False: the tokens are not there or not whole, and everything stays as it was.
    bool load(const QString &name);
    const QString &name() const { return m_name; }
    QQmlPropertyMap *color() { return &m_color; }
    QQmlPropertyMap *metric() { return &m_metric; }
    QQmlPropertyMap *font() { return &m_font; }

    /// By the bands of OpenTelemetry severity numbers 0..24; shape (icon's name) and colour (token) always go together.
    Q_INVOKABLE QString severityToken(int severityNumber) const;
    Q_INVOKABLE QString severityIcon(int severityNumber) const;
    Q_INVOKABLE QString severityName(int severityNumber) const;

Q_SIGNALS:
    void changed();

private:
    QuickTheme();
    QString m_name;
    QQmlPropertyMap m_color, m_metric, m_font;
};

} // namespace eventops
