"""The portal's addresses."""

from django.urls import path

from weimin.apps.delegation.web import portal as delegations
from weimin.apps.listkeeping.web import portal as lists
from weimin.apps.taskadmission.web import portal as tasks
from weimin.kernel.accounts.web import city
from weimin.kernel.accounts.web import portal as accounts
from weimin.kernel.cases.web import apply, clocks
from weimin.kernel.cases.web import portal as cases
from weimin.kernel.catalogue.web import data
from weimin.kernel.catalogue.web import portal as catalogue
from weimin.kernel.deadlines.web import portal as deadlines
from weimin.kernel.evaluation.web import portal as evaluation
from weimin.kernel.evaluation.web import reads
from weimin.kernel.messages.web import portal as messages
from weimin.kernel.record.web import portal as record
from weimin.kernel.residents.web import portal as residents
from weimin.kernel.rights.web import portal as rights
from weimin.kernel.supervision.web import portal as supervision
from weimin.kernel.supervision.web.public_figures import export_public_figures, public_figures
from weimin.sites.portal import web
from weimin.ui.web import style_page

app_name = "portal"
urlpatterns = [
    path("", web.home, name="home"),
    path("health/", web.health, name="health"),
    path("elder/", web.elder, name="elder"),
    path("login/", accounts.phone_page, name="login"),
    path("login/code/", accounts.code_page, name="login_code"),
    path("login/city/", city.start, name="city_login"),
    path("login/city/back/", city.come_back, name="city_back"),
    path("logout/", accounts.logout, name="logout"),
    path("my/sessions/", accounts.sessions, name="sessions"),
    path("demo/codes/", accounts.demo_codes, name="demo_codes"),
    path("demo/style/", style_page, name="style"),
    path("items/", catalogue.search, name="search"),
    path("items/<str:code>/", catalogue.guide, name="guide"),
    path("items/<str:code>/schema.json", catalogue.form_schema, name="form_schema"),
    path("procedures/<int:version_id>.bpmn", catalogue.procedure_xml, name="procedure_xml"),
    path("apply/<str:code>/<str:township>/", apply.start, name="apply"),
    path("apply/<str:code>/<str:township>/<str:page>/", apply.page, name="apply_page"),
    path("my/", cases.my_matters, name="my_matters"),
    path("my/profile/", residents.profile, name="profile"),
    path("my/reads/", reads.reads, name="reads"),
    path("my/reads/<int:entry_id>/", reads.ask, name="ask_read"),
    path("my/data/", rights.my_data, name="my_data"),
    path("my/data/copies/<int:copy_id>.zip", rights.my_copy, name="my_copy"),
    path("my/data/ask/<str:kind>/", rights.ask, name="ask_rights"),
    path("my/messages/", messages.messages, name="messages"),
    path("my/papers/<int:paper_id>/", cases.my_paper, name="paper"),
    path("my/files/<int:file_id>/", cases.my_file, name="file"),
    path("my/matters/<str:number>/", cases.matter, name="matter"),
    path("my/matters/<str:number>/why/<int:clock_id>/", clocks.why, name="why"),
    path("my/matters/<str:number>/why/<int:clock_id>.pdf", clocks.why_pdf, name="why_pdf"),
    path("my/matters/<str:number>/supplement/", cases.supplement, name="supplement"),
    path("my/matters/<str:number>/withdraw/", cases.withdraw, name="withdraw"),
    path("my/matters/<str:number>/rate/", evaluation.rate, name="rate"),
    path("lists/", lists.index, name="lists"),
    path("lists/<str:list_code>/", lists.rows, name="list"),
    path("lists/<str:list_code>.xlsx", lists.export_rows, name="list_export"),
    path("delegations/", delegations.delegations, name="delegations"),
    path("delegations.xlsx", delegations.export_delegations, name="delegations_export"),
    path("delegations/<str:letter>/", delegations.delegation, name="delegation"),
    path("rows/<str:code>/", lists.row, name="list_row"),
    path("my/proposals/", lists.my_proposals, name="my_proposals"),
    path("tasks/", tasks.figures, name="tasks"),
    path("tasks.xlsx", tasks.export_figures, name="tasks_export"),
    path("tasks/records/", tasks.records, name="task_records"),
    path("tasks/<int:task_id>/", tasks.task, name="task"),
    path("county-matters/", tasks.matters, name="county_matters"),
    path("county-matters/<int:matter_id>/", tasks.matter, name="county_matter"),
    path("data/", data.index, name="data"),
    path("data/items.jsonld", data.items_jsonld, name="data_jsonld"),
    path("data/items/<str:code>.jsonld", data.item_jsonld, name="data_item"),
    path("data/items.csv", data.items_csv, name="data_csv"),
    path("data/materials.csv", data.materials_csv, name="data_materials"),
    path("data/codes.csv", data.codes_csv, name="data_codes"),
    path("data/gbt39046.json", data.gbt39046_json, name="data_gbt39046"),
    path("data/changes.atom", data.changes_atom, name="data_atom"),
    path("data/changes.json", data.changes_json, name="data_changes"),
    path("calendar/", deadlines.calendar, name="calendar"),
    path("figures/", public_figures, name="figures"),
    path("figures.xlsx", export_public_figures, name="figures_export"),
    path("overruns/", supervision.overruns, name="overruns"),
    path("overruns.json", supervision.overruns_feed, name="overruns_feed"),
    path("privacy/", rights.privacy, name="privacy"),
    path("privacy/<str:code>.pdf", rights.privacy_pdf, name="privacy_pdf"),
    path("verify/", cases.verify, name="verify"),
    path("audit/", record.days, name="audit"),
    path("audit/days.json", record.days_json, name="audit_json"),
    path("audit/days.atom", record.days_feed, name="audit_feed"),
    path("audit/recompute.py", record.recompute, name="audit_script"),
    path("audit/<str:day>/", record.day, name="audit_day"),
    path("audit/<str:day>/<int:part>.txt", record.day_file, name="audit_file"),
]
