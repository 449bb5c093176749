//! Filters, order and pages of the queries.

use rusqlite::Row;
use rusqlite::types::Value;
use serde::Serialize;

use super::answer::Refusal;
use super::parameters::Parameters;
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
    parameters: &'q Parameters<'q>,
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

/// By what a list can be sorted.
#[derive(Debug, Clone, Copy)]
pub struct Sortable {
    /// The order of insertion: how the list comes when nothing is asked for, and what decides between equals.
    pub inserted: &'static str,
    /// The name that is meant when none is asked for, if any.
    pub default: Option<&'static str>,
    /// The names that may be asked for, with their columns, as the original lists them.
    pub fields: &'static [(&'static str, &'static str)],
}

impl<'q> Query<'q> {
    /// A query of `select`, whose rows are those of `table`.
    pub fn new(parameters: &'q Parameters<'q>, select: &'q str, table: &'q str) -> Self {
        Self { parameters, select, table, base: Vec::new(), filters: Vec::new(), params: Vec::new() }
    }

    /// Only rows in which this column has this value.
    pub fn only(mut self, column: &str, value: impl Into<Value>) -> Self {
        self.params.push(value.into());
        self.base.push(format!("{column} = ?{}", self.params.len()));
        self
    }

    /// The parameter of this name, a list: the column has one of its values. No value is that of nothing.
    ///
    /// # Errors
    /// When it is no list of texts, or a value is none of `words`, if there are any.
    pub fn one_of(mut self, parameter: &str, column: &str, words: &[&str]) -> Result<Self, Refusal> {
        if let Some(values) = self.parameters.list(parameter)? {
            if let Some(wrong) = values.iter().find(|value| !words.is_empty() && !words.contains(&value.as_str())) {
                let message = format!("{wrong:?} is none of {}", words.join(", "));
                return Err(self.parameters.wrong(parameter, "literal_error", message));
            }
            self.params.push(serde_json::json!(values).to_string().into());
            self.filters.push(format!("{column} IN (SELECT value FROM json_each(?{}))", self.params.len()));
        }
        Ok(self)
    }

    /// The parameters `<name>`, if `exact`, and `<name>_contains`: the column is, or contains, their value.
    ///
    /// # Errors
    /// When one of them is no text.
    pub fn text(mut self, name: &str, column: &str, exact: bool) -> Result<Self, Refusal> {
        if exact && let Some(value) = self.parameters.text(name)? {
            self.params.push(value.into());
            self.filters.push(format!("{column} = ?{}", self.params.len()));
        }
        if let Some(value) = self.parameters.text(&format!("{name}_contains"))? {
            self.params.push(value.into());
            self.filters.push(format!("instr({column}, ?{}) > 0", self.params.len()));
        }
        Ok(self)
    }

    /// The page that the request asks for.
    ///
    /// # Errors
    /// When limit, offset, order or logic are not allowed, or the database fails.
    pub fn page<T>(
        mut self,
        store: &Store<'_>,
        sortable: Sortable,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Page<T>, Refusal> {
        let limit = self.parameters.number("limit", -1)?;
        let offset = self.parameters.number("offset", 0)?;
        let order = self.order(sortable)?;
        let condition = self.condition()?;
        if limit == 0 || limit < -1 {
            return Err(Refusal::Bad("Limit must be greater than 0 or -1 for no limit".to_owned()));
        }
        if offset < 0 {
            return Err(Refusal::Bad("Offset must be greater than or equal to 0".to_owned()));
        }
        let count = format!("SELECT count(*) FROM {}{condition}", self.table);
        let total = store.first(&count, rusqlite::params_from_iter(&self.params), |row| row.get(0))?.unwrap_or(0);
        let page = self.params.len();
        self.params.extend([limit.into(), offset.into()]);
        let sql = format!("{}{condition} ORDER BY {order} LIMIT ?{} OFFSET ?{}", self.select, page + 1, page + 2);
        let items = store.all(&sql, rusqlite::params_from_iter(&self.params), read)?;
        Ok(Page { items, limit, offset, total })
    }

    fn order(&self, sortable: Sortable) -> Result<String, Refusal> {
        let direction = if self.parameters.choice("sort_order", ["asc", "desc"])? == "desc" { "DESC" } else { "ASC" };
        let inserted = sortable.inserted;
        let Some(name) = self.parameters.text("sort_by")?.or(sortable.default.map(str::to_owned)) else {
            return Ok(format!("{inserted} ASC"));
        };
        let column = sortable.fields.iter().find(|(known, _)| *known == name).map(|(_, column)| *column);
        let column = column.ok_or_else(|| {
            let names: Vec<&str> = sortable.fields.iter().map(|(name, _)| *name).collect();
            Refusal::Bad(format!("Invalid sort_by: {name}, allowed fields are: {}", names.join(", ")))
        })?;
        // What has not happened yet comes after everything that has.
        let nulls = match name.ends_with("_time") {
            true if direction == "ASC" => " NULLS LAST",
            true => " NULLS FIRST",
            false => "",
        };
        Ok(format!("{column} {direction}{nulls}, {inserted} ASC"))
    }

    fn condition(&self) -> Result<String, Refusal> {
        let logic = if self.parameters.choice("filter_logic", ["and", "or"])? == "or" { " OR " } else { " AND " };
        let mut all = self.base.clone();
        if !self.filters.is_empty() {
            all.push(format!("({})", self.filters.join(logic)));
        }
        Ok(if all.is_empty() { String::new() } else { format!(" WHERE {}", all.join(" AND ")) })
    }
}
