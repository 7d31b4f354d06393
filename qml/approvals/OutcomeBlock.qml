// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Theme

// Who decided what and why, and what the executor reported.
ColumnLayout {
    id: block
    required property Item approval

    spacing: Theme.metric.space1

    SectionTitle { text: qsTr("What came of it") }
    PlainText {
        visible: block.approval.approver !== ""
        text: block.approval.decisionReason !== ""
            ? qsTr("Decided by %1: %2").arg(block.approval.approver).arg(block.approval.decisionReason)
            : qsTr("Decided by %1").arg(block.approval.approver)
        wrapMode: Text.Wrap
        maximumLineCount: 4
        Layout.fillWidth: true
    }
    PlainText {
        visible: block.approval.output === ""
        text: {
            switch (block.approval.stateName) {
            case "expired": return qsTr("Nobody decided in time; nothing was sent.")
            case "rejected": return qsTr("Nothing was sent.")
            case "approved": return qsTr("It is about to be published.")
            case "published": return qsTr("Published; it waits for an executor.")
            default: return qsTr("Now %1; there is no report yet.").arg(block.approval.stateName)
            }
        }
        color: Theme.color.textMuted
        wrapMode: Text.Wrap
        Layout.fillWidth: true
    }
    MonoText {
        visible: block.approval.output !== ""
        text: block.approval.output
        maximumLineCount: Theme.metric.space3
        Layout.fillWidth: true
    }
}
