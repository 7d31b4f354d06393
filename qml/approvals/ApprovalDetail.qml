// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Models
import EventOps.Theme

// What a decision rests on: why, what happened before, what will be sent; and, once decided, what came of it.
ColumnLayout {
    id: detail
    required property Item approval

    spacing: Theme.metric.space4

    PlainText {
        text: detail.approval.findingText !== "" ? detail.approval.findingText : detail.approval.reason
        wrapMode: Text.Wrap
        maximumLineCount: 6
        Layout.fillWidth: true
    }
    OutcomeBlock {
        visible: !detail.approval.waiting
        approval: detail.approval
        Layout.fillWidth: true
    }
    BitsTerms {
        visible: detail.approval.terms.length > 0
        terms: detail.approval.terms
        sumText: detail.approval.bitsText
        Layout.fillWidth: true
    }
    ColumnLayout {
        visible: detail.approval.terms.length === 0
        spacing: Theme.metric.space1
        Layout.fillWidth: true

        SectionTitle { text: qsTr("Why") }
        PlainText {
            text: qsTr("A rule or another system says so; surprise was not measured.")
            wrapMode: Text.Wrap
            Layout.fillWidth: true
        }
    }
    ColumnLayout {
        visible: detail.approval.waiting
        spacing: Theme.metric.space1
        Layout.fillWidth: true

        SectionTitle { text: qsTr("The last times") }
        PlainText {
            text: detail.approval.past !== "" ? qsTr("%1: %2").arg(detail.approval.command).arg(detail.approval.past)
                                          : qsTr("%1 was never decided on here.").arg(detail.approval.command)
            wrapMode: Text.Wrap
            maximumLineCount: 3
            Layout.fillWidth: true
        }
    }
    ColumnLayout {
        spacing: Theme.metric.space1
        Layout.fillWidth: true

        SectionTitle { text: detail.approval.waiting ? qsTr("What will be sent") : qsTr("What was decided on") }
        Rectangle {
            color: Theme.color.surfaceSunken
            radius: Theme.metric.space1
            implicitHeight: rows.implicitHeight + 2 * Theme.metric.space2
            Layout.fillWidth: true

            ColumnLayout {
                id: rows
                spacing: Theme.metric.space1
                anchors {
                    left: parent.left
                    right: parent.right
                    top: parent.top
                    margins: Theme.metric.space2
                }

                Repeater {
                    model: detail.approval.sent

                    NamedRow {
                        required property var modelData
                        name: modelData.name
                        value: modelData.value
                        isMono: true
                        nameWidth: Theme.metric.space5 * 4
                        Layout.fillWidth: true
                    }
                }
            }
        }
    }
    MutedText {
        text: qsTr("%n event(s) as evidence", "", detail.approval.evidenceCount)
              + (detail.approval.policy !== "" ? " · " + qsTr("suggested by the policy %1").arg(detail.approval.policy) : "")
              + (detail.approval.proposedAt !== "" ? " · " + detail.approval.proposedAt : "")
        wrapMode: Text.Wrap
        maximumLineCount: 3
        Layout.fillWidth: true
    }
}
