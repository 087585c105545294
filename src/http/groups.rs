//! `/api/v1/groups`.

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::groups::{GroupBody, GroupList, GroupView, MemberView};
use crate::api::problem::{Code, FieldProblem, Problem};
use crate::domain::names::UserName;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place, Query};
use crate::http::users::PageParams;
use crate::http::{Shared, grants, paging};
use crate::service::groups::Group;

fn view(group: Group) -> GroupView {
    let member = |(user, source): (UserName, String)| MemberView { user: user.to_string(), source };
    GroupView {
        name: group.name.to_string(),
        members: group.members.into_iter().map(member).collect(),
        grants: group.grants.iter().map(grants::view).collect(),
    }
}

/// Names of users; each bad one is named, behind `field`.
pub(super) fn members(field: &str, names: &[String]) -> Result<Vec<UserName>, Vec<FieldProblem>> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (number, name) in names.iter().enumerate() {
        match UserName::parse(name) {
            Ok(name) => good.push(name),
            Err(error) => bad.push(FieldProblem::new(format!("{field}[{number}]"), error.to_string())),
        }
    }
    if bad.is_empty() { Ok(good) } else { Err(bad) }
}

/// List all groups, by name.
#[utoipa::path(get, path = "/api/v1/groups", operation_id = "list_groups", tag = "access", params(PageParams), responses(
    (status = 200, body = GroupList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(params): Query<PageParams>,
) -> Result<axum::Json<GroupList>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    let all = app.service.list_groups(&permit)?;
    let (groups, next) = paging::cut(all, |group| group.name.to_string(), params.after.as_deref(), params.limit)?;
    Ok(axum::Json(GroupList { groups: groups.into_iter().map(view).collect(), next }))
}

/// One group. A group that holds nothing and has nobody in it does not exist.
#[utoipa::path(get, path = "/api/v1/groups/{name}", operation_id = "get_group", tag = "access",
    params(("name" = String, Path, description = "Group")),
    responses((status = 200, body = GroupView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<axum::Json<GroupView>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    Ok(axum::Json(view(app.service.get_group(&permit, &place.group()?)?)))
}

/// Replace the members of a group that are kept here. Members by a provider or an issuer stay.
#[utoipa::path(put, path = "/api/v1/groups/{name}", operation_id = "put_group", tag = "access",
    params(("name" = String, Path, description = "Group")), request_body = GroupBody,
    responses((status = 200, body = GroupView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn put(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Json(body, _): Json<GroupBody>,
) -> Result<axum::Json<GroupView>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    let members = members("members", &body.members).map_err(|fields| ApiError::fields(Code::Invalid, fields))?;
    Ok(axum::Json(view(app.service.put_group(&permit, &place.group()?, &members).await?)))
}

/// Take everything from a group: its grants, and the members that are kept here.
#[utoipa::path(delete, path = "/api/v1/groups/{name}", operation_id = "delete_group", tag = "access",
    params(("name" = String, Path, description = "Group")),
    responses((status = 204, description = "Gone"), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<StatusCode, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    app.service.delete_group(&permit, &place.group()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
