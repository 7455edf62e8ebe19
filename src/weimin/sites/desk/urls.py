"""The desk's addresses."""

from django.urls import path

from weimin.apps.counter import web as counter
from weimin.apps.delegation.web import desk as delegations
from weimin.apps.listkeeping.web import desk as lists
from weimin.apps.listkeeping.web import editor, places, sheets
from weimin.apps.taskadmission.web import matters as county_matters
from weimin.apps.taskadmission.web import tasks
from weimin.kernel.accounts.web import account as own
from weimin.kernel.accounts.web import desk as accounts
from weimin.kernel.accounts.web import second
from weimin.kernel.cases.web import clocks, handover, reveal
from weimin.kernel.cases.web import desk as cases
from weimin.kernel.catalogue.web import desk as catalogue
from weimin.kernel.catalogue.web import guides
from weimin.kernel.deadlines.web import desk as deadlines
from weimin.kernel.deadlines.web import law
from weimin.kernel.directory.web import administrators, staff
from weimin.kernel.evaluation.web import desk as evaluation
from weimin.kernel.evaluation.web import looks
from weimin.kernel.procedures.web import desk as procedures
from weimin.kernel.procedures.web import editing
from weimin.kernel.record.web import desk as record
from weimin.kernel.residents.web import desk as residents
from weimin.kernel.rights.web import desk as rights
from weimin.kernel.rights.web import keeping
from weimin.kernel.supervision.web import figures, findings, orders, overruns, warnings
from weimin.sites.desk import web

app_name = "desk"
urlpatterns = [
    path("", cases.inbox, name="home"),
    path("login/", accounts.staff_login, name="login"),
    path("login/second/", second.second_step, name="second"),
    path("login/again/", second.start_again, name="login_again"),
    path("login/passkey/", second.key_login, name="passkey_login"),
    path("logout/", accounts.logout, name="logout"),
    path("account/", own.account, name="account"),
    path("account/password/", own.password, name="password"),
    path("account/app/", own.app, name="factor_app"),
    path("account/key/", own.new_key, name="factor_key"),
    path("account/factor/drop/", own.drop_factor, name="factor_drop"),
    path("account/codes/", own.recovery_codes, name="recovery_codes"),
    path("post/", accounts.choose_post, name="choose_post"),
    path("find/", cases.find, name="find"),
    path("inbox.xlsx", counter.export_inbox, name="inbox_export"),
    path("new/", counter.choose, name="new"),
    path("correct/", residents.correct, name="correct"),
    path("correct/reveal/", residents.reveal, name="reveal_person"),
    path("reads/", looks.looks, name="looks"),
    path("reads.xlsx", looks.export_looks, name="looks_export"),
    path("read-queries/", looks.read_queries, name="read_queries"),
    path("rights/", rights.requests, name="rights"),
    path("rights/counter/", rights.at_counter, name="rights_counter"),
    path("rights/copies/<int:copy_id>.zip", rights.counter_copy, name="rights_copy"),
    path("rights/<int:request_id>/evidence", rights.evidence, name="rights_evidence"),
    path("assessments/", rights.assessments, name="assessments"),
    path("retention/", keeping.retention, name="retention"),
    path("retention/<str:number>/", keeping.destruction, name="destruction"),
    path("retention/<str:number>.xlsx", keeping.export_destruction, name="destruction_export"),
    path("retention/<str:number>.pdf", keeping.certificate, name="certificate"),
    path("new/person/", counter.find_person, name="find_person"),
    path("new/<str:code>/", counter.new_matter, name="new_matter"),
    path("register/", counter.register, name="register_list"),
    path("register/<str:code>/", counter.register, name="register"),
    path("handover/", handover.handover, name="handover"),
    path("handover/<int:officer_id>/", handover.handover_officer, name="handover_officer"),
    path("figures/", figures.figures, name="figures"),
    path("figures/records/", figures.records, name="figure_records"),
    path("figures/records.xlsx", figures.export_records, name="figure_records_export"),
    path("figures.xlsx", figures.export_figures, name="figures_export"),
    path("repairs/", evaluation.repairs, name="repairs"),
    path("items/", catalogue.items, name="items"),
    path("lists/", lists.overview, name="lists"),
    path("lists/proposals/", lists.proposals, name="list_proposals"),
    path("lists/drift/", places.drift, name="drift"),
    path("lists/drift.xlsx", places.export_drift, name="drift_export"),
    path("lists/imports/", sheets.imports, name="list_imports"),
    path("lists/imports/<int:import_id>/", sheets.one_import, name="list_import"),
    path("lists/versions/<int:version_id>/", lists.version, name="list_version"),
    path("lists/versions/<int:version_id>/edit/", editor.edit, name="list_edit"),
    path("lists/versions/<int:version_id>/preview/", editor.preview, name="list_preview"),
    path("lists/versions/<int:version_id>/try/", editor.try_out, name="list_try"),
    path("lists/<str:list_code>/", lists.rows, name="list_rows"),
    path("lists/<str:list_code>/rows.xlsx", sheets.template, name="list_template"),
    path("delegations/", delegations.delegations, name="delegations"),
    path("delegations.xlsx", delegations.export_delegations, name="delegations_export"),
    path("delegations/new/", delegations.propose, name="delegation_propose"),
    path("delegations/coverage/", delegations.coverage, name="delegation_coverage"),
    path("delegations/<str:letter>/", delegations.delegation, name="delegation"),
    path("delegations/<str:letter>/letter/", delegations.letter_file, name="delegation_letter"),
    path("delegations/<str:letter>/draft.pdf", delegations.draft, name="delegation_draft"),
    path("delegations/<str:letter>/acts/", delegations.acts, name="delegation_acts"),
    path("delegations/<str:letter>/acts.xlsx", delegations.export_acts, name="delegation_acts_export"),
    path("guides/", guides.guides, name="guides"),
    path("guides/<str:code>/print/", guides.print_guide, name="print_guide"),
    path("offers/", places.offers, name="offers"),
    path("offers/<str:code>/", places.offer, name="offer"),
    path("procedures/", procedures.procedures, name="procedures"),
    path("procedures/<str:shelf>/<str:code>/", procedures.kept, name="procedure"),
    path("procedures/<str:shelf>/<str:code>/edit/", editing.edit, name="procedure_edit"),
    path("procedures/<str:shelf>/<str:code>/compare/", editing.compare, name="procedure_compare"),
    path("procedures/<str:shelf>/<str:code>/<str:which>.xml", procedures.text, name="procedure_text"),
    path("misses/", catalogue.misses, name="misses"),
    path("misses.xlsx", catalogue.misses_sheet, name="misses_sheet"),
    path("misses/<int:miss_id>/", catalogue.drop_miss, name="drop_miss"),
    path("tasks/", tasks.tasks, name="tasks"),
    path("tasks.xlsx", tasks.export_tasks, name="tasks_export"),
    path("tasks/new/", tasks.new, name="task_new"),
    path("tasks/reports/", tasks.reports, name="task_reports"),
    path("tasks/reports.xlsx", tasks.export_reports, name="task_reports_export"),
    path("tasks/<int:task_id>/", tasks.task, name="task"),
    path("matters/", county_matters.matters, name="matters"),
    path("matters.xlsx", county_matters.export_matters, name="matters_export"),
    path("matters/new/", county_matters.new, name="matter_new"),
    path("matters/<int:matter_id>/", county_matters.matter, name="matter"),
    path("matters/files/<int:opinion_file>/", county_matters.opinion_file, name="opinion_file"),
    path("law/", law.law, name="law"),
    path("law.xlsx", law.export_law, name="law_export"),
    path("law/<str:code>/", law.law_row, name="law_row"),
    path("calendar/", deadlines.calendar, name="calendar"),
    path("calendar/<int:notice_id>/", deadlines.calendar_notice, name="calendar_notice"),
    path("calendar/<int:notice_id>/shifts.xlsx", deadlines.export_shifts, name="calendar_shifts"),
    path("warnings/", warnings.warnings, name="warnings"),
    path("warnings.xlsx", warnings.export_warnings, name="warnings_export"),
    path("warnings/<int:warning_id>/", warnings.warning, name="warning"),
    path("orders/", orders.orders, name="orders"),
    path("orders.xlsx", orders.export_orders, name="orders_export"),
    path("orders/<int:order_id>/", orders.order, name="order"),
    path("overruns/", overruns.overruns, name="overruns"),
    path("integrity/", findings.integrity, name="integrity"),
    path("integrity.xlsx", findings.export_findings, name="integrity_export"),
    path("audit/", record.trail, name="audit"),
    path("audit.xlsx", record.export_trail, name="audit_export"),
    path("admin/", administrators.administrators, name="administrators"),
    path("admin/staff/", staff.staff, name="staff"),
    path("admin/staff.xlsx", staff.export_staff, name="staff_export"),
    path("admin/staff/<int:officer_id>/", staff.officer, name="officer"),
    path("admin/glass/", administrators.glass, name="glass"),
    path("admin/glass.xlsx", administrators.export_glass, name="glass_export"),
    path("operations/", web.operations, name="operations"),
    path("papers/<int:paper_id>/", cases.desk_paper, name="paper"),
    path("files/<int:file_id>/", cases.desk_file, name="file"),
    path("cases/<str:number>/", cases.case_page, name="case"),
    path("cases/<str:number>/reveal/", reveal.reveal, name="reveal"),
    path("cases/<str:number>/clocks/<int:clock_id>/", clocks.desk_why, name="why"),
    path("cases/<str:number>/clocks/<int:clock_id>.pdf", clocks.desk_why_pdf, name="why_pdf"),
    path("cases/<str:number>/<str:take>/", cases.take, name="take"),
]
