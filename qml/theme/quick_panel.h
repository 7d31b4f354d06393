// SPDX-License-Identifier: MIT
#pragma once

#include <QQuickWidget>
#include <QVariantMap>

namespace eventops {

/// A widget that shows one QML module of ours, in the colours of QuickTheme. All panels share an engine, which lives
/// as long as the application and never reaches the network. Thread: UI.
class QuickPanel final : public QQuickWidget
{
    Q_OBJECT

public:
    /// @p module: "Approvals", @p document: "ApprovalsPanel"; @p properties: what its root item requires.
    QuickPanel(const QString &module, const QString &document, const QVariantMap &properties,
               QWidget *parent = nullptr);

    QSize sizeHint() const override;

    static constexpr int WidthMin = 340; ///< Device-independent pixels that every panel works from.

private:
    void followTheme();
};

} // namespace eventops
