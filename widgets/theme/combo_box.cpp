// SPDX-License-Identifier: MIT
#include "widgets/theme/combo_box.h"

#include "widgets/theme/icon.h"
#include "widgets/theme/theme.h"

#include <QStyleOptionComboBox>
#include <QStylePainter>

namespace eventops {

ComboBox::ComboBox(QWidget *parent)
    : QComboBox(parent), m_arrow(themeIcon(QStringLiteral("chevron-down"), QStringLiteral("textMuted")))
{
}

void ComboBox::paintEvent(QPaintEvent *)
{
    QStylePainter painter(this);
    QStyleOptionComboBox option;
    initStyleOption(&option);
    option.subControls = QStyle::SC_ComboBoxFrame | QStyle::SC_ComboBoxEditField;
    painter.drawComplexControl(QStyle::CC_ComboBox, option);
    painter.drawControl(QStyle::CE_ComboBoxLabel, option);
    const int side = themeMetric("iconSize"), space = themeMetric("space1");
    m_arrow.paint(&painter, QRect(width() - side - space, (height() - side) / 2, side, side));
}

} // namespace eventops
