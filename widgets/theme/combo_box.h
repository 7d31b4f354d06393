// SPDX-License-Identifier: MIT
#pragma once

#include <QComboBox>
#include <QIcon>

namespace eventops {

/// A choice of a few words with an arrow of the shipped icons: the style's own arrow has a frame that no theme knows.
/// Thread: UI.
class ComboBox final : public QComboBox
{
    Q_OBJECT

public:
    explicit ComboBox(QWidget *parent = nullptr);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QIcon m_arrow;
};

} // namespace eventops
