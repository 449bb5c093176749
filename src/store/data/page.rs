//! Filters, order and pages of the queries.

use rusqlite::Row;
use rusqlite::types::Value;
use serde::Serialize;

use super::answer::Refusal;
use super::call::Call;
use super::store::Store;

/// A page of a list, as it is answered.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    items: Vec<T>,
    limit: i64,
    offset: i64,
    total: i64,
}

/// A query over one table, built from a request's parameters.
pub struct Query<'q> {
    call: &'q Call,
    /// What is selected, up to the condition.
    select: &'q str,
    /// The table whose rows are counted, with its alias.
    table: &'q str,
    /// What must hold in any case.
    base: Vec<String>,
    /// What the request filters by, joined as it asks.
    filters: Vec<String>,
    params: Vec<Value>,
}

impl<'q> Query<'q> {
    /// A query of `select`, whose rows are those of `table`.
    pub fn new(call: &'q Call, select: &'q str, table: &'q str) -> Self {
        Self { call, select, table, base: Vec::new(), filters: Vec::new(), params: Vec::new() }
    }

    /// Only rows in which this column has this value.
    pub fn only(mut self, column: &str, value: impl Into<Value>) -> Self {
        self.params.push(value.into());
        self.base.push(format!("{column} = ?{}", self.params.len()));
        self
    }

    /// The parameter `<name>_in`, which may be repeated: the column has one of its values.
    pub fn one_of(mut self, parameter: &str, column: &str) -> Self {
        let values: Vec<&str> = self.call.parameters(parameter).collect();
        if !values.is_empty() {
            self.params.push(serde_json::json!(values).to_string().into());
            self.filters.push(format!("{column} IN (SELECT value FROM json_each(?{}))", self.params.len()));
        }
        self
    }

    /// The parameters `<name>`, if `exact`, and `<name>_contains`: the column is, or contains, their value.
    pub fn text(mut self, name: &str, column: &str, exact: bool) -> Self {
        if let Some(value) = self.call.parameter(name).filter(|_| exact) {
            self.params.push(value.to_owned().into());
            self.filters.push(format!("{column} = ?{}", self.params.len()));
        }
        if let Some(value) = self.call.parameter(&format!("{name}_contains")) {
            self.params.push(value.to_owned().into());
            self.filters.push(format!("instr({column}, ?{}) > 0", self.params.len()));
        }
        self
    }

    /// The page that the request asks for. `sortable` pairs the names it may sort by with their columns; the first is
    /// the order when it says nothing.
    ///
    /// # Errors
    /// When limit, offset, order or logic are not allowed, or the database fails.
    pub fn page<T>(
        mut self,
        store: &Store<'_>,
        sortable: &[(&str, &str)],
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Page<T>, Refusal> {
        let limit = self.number("limit", -1)?;
        let offset = self.number("offset", 0)?;
        if limit == 0 || limit < -1 {
            return Err(Refusal::Bad("Limit must be greater than 0 or -1 for no limit".to_owned()));
        }
        if offset < 0 {
            return Err(Refusal::Bad("Offset must be greater than or equal to 0".to_owned()));
        }
        let order = self.order(sortable)?;
        let condition = self.condition()?;
        let count = format!("SELECT count(*) FROM {}{condition}", self.table);
        let total = store.first(&count, rusqlite::params_from_iter(&self.params), |row| row.get(0))?.unwrap_or(0);
        let page = self.params.len();
        self.params.extend([limit.into(), offset.into()]);
        let sql = format!("{}{condition} ORDER BY {order} LIMIT ?{} OFFSET ?{}", self.select, page + 1, page + 2);
        let items = store.all(&sql, rusqlite::params_from_iter(&self.params), read)?;
        Ok(Page { items, limit, offset, total })
    }

    fn number(&self, name: &str, default: i64) -> Result<i64, Refusal> {
        let Some(text) = self.call.parameter(name) else { return Ok(default) };
        text.parse().map_err(|_| Refusal::Unprocessable {
            place: "query",
            message: format!("{name} = {text:?} is no whole number"),
        })
    }

    fn order(&self, sortable: &[(&str, &str)]) -> Result<String, Refusal> {
        let column = match self.call.parameter("sort_by") {
            None => sortable[0].1,
            Some(name) => {
                sortable.iter().find(|(known, _)| *known == name).map(|(_, column)| *column).ok_or_else(|| {
                    let names: Vec<&str> = sortable.iter().map(|(name, _)| *name).collect();
                    Refusal::Bad(format!("Invalid sort_by: {name}, allowed fields are: {}", names.join(", ")))
                })?
            }
        };
        let direction = match self.call.parameter("sort_order") {
            None | Some("asc") => "ASC",
            Some("desc") => "DESC",
            Some(other) => return Err(Refusal::Bad(format!("Invalid sort_order: {other}, it is asc or desc"))),
        };
        Ok(format!("{column} {direction}"))
    }

    fn condition(&self) -> Result<String, Refusal> {
        let logic = match self.call.parameter("filter_logic") {
            None | Some("and") => " AND ",
            Some("or") => " OR ",
            Some(other) => return Err(Refusal::Bad(format!("Invalid filter_logic: {other}, it is and or or"))),
        };
        let mut all = self.base.clone();
        if !self.filters.is_empty() {
            all.push(format!("({})", self.filters.join(logic)));
        }
        Ok(if all.is_empty() { String::new() } else { format!(" WHERE {}", all.join(" AND ")) })
    }
}
