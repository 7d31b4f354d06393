// SPDX-License-Identifier: MIT
#include "qml/approvals/approvals_panel.h"

#include "core/viewmodel/approvals_controller.h"
#include "qml/theme/quick_panel.h"

namespace eventops {

QWidget *makeApprovalsPanel(ViewContext &context, QWidget *parent)
{
    auto *model = new ApprovalsModel(context);
    auto *controller = new ApprovalsController(context, *model, model);
    auto *panel = new QuickPanel(QStringLiteral("Approvals"), QStringLiteral("ApprovalsPanel"),
                                 {{QStringLiteral("queue"), QVariant::fromValue(model)},
                                  {QStringLiteral("controller"), QVariant::fromValue(controller)}},
                                 parent);
    model->setParent(panel);
    return panel;
}

} // namespace eventops
